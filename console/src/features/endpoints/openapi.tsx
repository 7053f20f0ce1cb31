// Takes the learned OpenAPI 3.1 document of a site home as a file.
import { CloudDownloadOutlined } from "@ant-design/icons";
import { useMutation, useQuery } from "@tanstack/react-query";
import { App, Button, Dropdown } from "antd";
import { client, take } from "@/api/client";
import { sitesQuery } from "@/api/queries";
import { useT } from "@/i18n";
import { download } from "@/ui/csv";
import { useUrl } from "@/ui/url";

export function OpenApiButton() {
  const t = useT();
  const url = useUrl();
  const { message } = App.useApp();
  const sites = useQuery(sitesQuery());
  const fetchOne = useMutation({
    mutationFn: async (host: string) => {
      const document = await take(client.GET("/api/v1/sites/{host}/openapi", { params: { path: { host } } }));
      download(`${host.replaceAll(":", "_")}.openapi.json`, "application/json", JSON.stringify(document, null, 2));
    },
    onError: () => void message.error(t("endpoints.openapiFailed")),
  });
  const site = url.get("site");
  const hosts = site === "" ? (sites.data?.rows ?? []).map((row) => row.host) : [site];
  if (hosts.length === 0) return null;
  return (
    <Dropdown
      trigger={["click"]}
      menu={{
        items: hosts.slice(0, 50).map((host) => ({ key: host, label: <span className="mono">{host}</span> })),
        onClick: ({ key }) => fetchOne.mutate(key),
        style: { maxHeight: 360, overflow: "auto" },
      }}
    >
      <Button icon={<CloudDownloadOutlined />} loading={fetchOne.isPending}>
        {t("endpoints.openapi")}
      </Button>
    </Dropdown>
  );
}
