// A row opened in place: the drawer's id lives in the URL key `open`; its page is one click away.
import { ExportOutlined } from "@ant-design/icons";
import { Button, Drawer } from "antd";
import type { ReactNode } from "react";
import { useNavigate } from "react-router";
import { useT } from "@/i18n";
import { useUrl } from "./url";

export function RowDrawer(props: { title: string; href: (id: string) => string; children: (id: string) => ReactNode }) {
  const url = useUrl();
  const t = useT();
  const navigate = useNavigate();
  const id = url.get("open");
  const page = url.page === 1 ? undefined : url.page;
  return (
    <Drawer
      open={id !== ""}
      onClose={() => url.set({ open: undefined, page })}
      size="min(1080px, 86vw)"
      title={props.title}
      extra={
        <Button icon={<ExportOutlined />} onClick={() => void navigate(props.href(id))}>
          {t("common.openPage")}
        </Button>
      }
      destroyOnHidden
    >
      {id !== "" && props.children(id)}
    </Drawer>
  );
}

/** Opens a row's drawer without leaving the page of the list. */
export function useOpen(): (id: string) => void {
  const url = useUrl();
  return (id) => url.set({ open: id, page: url.page === 1 ? undefined : url.page }, true);
}
