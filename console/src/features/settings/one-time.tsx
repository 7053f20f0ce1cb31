// A secret that the server shows once, and what to say when a change failed.
import { App, Button, Modal, Typography } from "antd";
import { Failure } from "@/api/client";
import { useT, useWords } from "@/i18n";

export function OneTime(props: { title: string; hint: string; secret: string; example?: string; onClose: () => void }) {
  const t = useT();
  return (
    <Modal
      open
      title={props.title}
      onCancel={props.onClose}
      width={640}
      footer={
        <Button type="primary" onClick={props.onClose}>
          {t("settings.keptIt")}
        </Button>
      }
    >
      <div className="stack wide">
        <span className="muted">{props.hint}</span>
        <Typography.Text copyable={{ text: props.secret }} className="mono break">
          {props.secret}
        </Typography.Text>
        {props.example !== undefined && <pre className="code">{props.example}</pre>}
      </div>
    </Modal>
  );
}

/** Says in one line what failed and why. */
export function useFailed(): (error: unknown) => void {
  const t = useT();
  const words = useWords();
  const { message } = App.useApp();
  return (error) => {
    const failure = error instanceof Failure ? error : new Failure(0, "unexpected", "", {});
    void message.error(`${t("settings.notSaved")} ${words("errors", failure.code, failure.params)}`);
  };
}
