// Login, and the change of a first-run password before anything else.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Form, Input } from "antd";
import { Navigate, useNavigate } from "react-router";
import { client, done, Failure, take } from "@/api/client";
import { meQuery } from "@/api/queries";
import type { Me } from "@/api/types";
import { useT, useWords } from "@/i18n";
import { Logo } from "@/ui/logo";
import { ModeSwitch, LangSwitch } from "@/ui/switches";
import { Waiting } from "@/ui/states";
import { useTitle } from "@/ui/title";
import { useUrl } from "@/ui/url";

function Problem({ error }: { error: unknown }) {
  const words = useWords();
  if (!error) return null;
  const failure = error instanceof Failure ? error : new Failure(0, "unexpected", "", {});
  const text = words("errors", failure.code, failure.params);
  const shown = text === failure.code ? failure.message || words("errors", "unexpected") : text;
  return <Alert type="error" showIcon title={shown} style={{ marginBottom: 16 }} />;
}

/** Where to go after login: only a path of this console, never another site. */
function target(next: string): string {
  return /^\/(?![/\\])/.test(next) && !next.startsWith("/login") ? next : "/overview";
}

interface Credentials {
  name: string;
  password: string;
}

function LoginForm() {
  const t = useT();
  const queries = useQueryClient();
  const login = useMutation({
    mutationFn: (body: Credentials) => take(client.POST("/api/v1/session", { body })),
    onSuccess: (me) => {
      // What another user had asked for is forgotten; the session itself is being watched and stays.
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
      queries.setQueryData(meQuery().queryKey, me);
    },
  });
  return (
    <Form<Credentials> layout="vertical" requiredMark={false} onFinish={(values) => login.mutate(values)}>
      <Problem error={login.error} />
      <Form.Item name="name" label={t("session.name")} rules={[{ required: true, message: t("session.nameMissing") }]}>
        <Input autoComplete="username" autoFocus />
      </Form.Item>
      <Form.Item
        name="password"
        label={t("session.password")}
        rules={[{ required: true, message: t("session.passwordMissing") }]}
      >
        <Input.Password autoComplete="current-password" />
      </Form.Item>
      <Button type="primary" htmlType="submit" block loading={login.isPending}>
        {t("session.login")}
      </Button>
      <p className="small muted" style={{ marginTop: 16 }}>
        {t("session.firstRun")}
      </p>
    </Form>
  );
}

interface Change {
  current: string;
  next: string;
  again: string;
}

/** The change of the own password; used here when it is forced, and in the user menu. */
function PasswordForm({ me }: { me: Me }) {
  const t = useT();
  const queries = useQueryClient();
  const url = useUrl();
  const navigate = useNavigate();
  const change = useMutation({
    mutationFn: ({ current, next }: Change) =>
      done(client.PUT("/api/v1/session/password", { body: { current, new: next } })),
    onSuccess: async () => {
      await queries.refetchQueries({ queryKey: meQuery().queryKey });
      await navigate(target(url.get("next")), { replace: true });
    },
  });
  return (
    <Form<Change> layout="vertical" requiredMark={false} onFinish={(values) => change.mutate(values)}>
      <p style={{ marginTop: 0 }}>{t(me.must_change ? "session.mustChange" : "session.changeFor", { name: me.name })}</p>
      <Problem error={change.error} />
      <Form.Item
        name="current"
        label={t("session.current")}
        rules={[{ required: true, message: t("session.passwordMissing") }]}
      >
        <Input.Password autoComplete="current-password" autoFocus />
      </Form.Item>
      <Form.Item
        name="next"
        label={t("session.next")}
        extra={t("session.passwordRule")}
        rules={[{ required: true, min: 10, max: 256, message: t("session.passwordRule") }]}
      >
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      <Form.Item
        name="again"
        label={t("session.again")}
        dependencies={["next"]}
        rules={[
          ({ getFieldValue }) => ({
            validator: (_, value) =>
              value === getFieldValue("next") ? Promise.resolve() : Promise.reject(new Error(t("session.differ"))),
          }),
        ]}
      >
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      <Button type="primary" htmlType="submit" block loading={change.isPending}>
        {t("session.change")}
      </Button>
    </Form>
  );
}

export default function LoginPage() {
  const t = useT();
  const url = useUrl();
  const me = useQuery(meQuery());
  useTitle(t("session.login"));
  if (me.data && !me.data.must_change && url.get("change") === "") {
    return <Navigate to={target(url.get("next"))} replace />;
  }
  return (
    <div className="login">
      <div className="box stack wide">
        <div className="row between">
          <span className="brand" style={{ padding: 0 }}>
            <Logo size={30} />
            <span translate="no">Apiarist</span>
          </span>
          <span className="row">
            <LangSwitch />
            <ModeSwitch />
          </span>
        </div>
        <div className="card">
          {me.isPending ? <Waiting rows={4} /> : me.data ? <PasswordForm me={me.data} /> : <LoginForm />}
        </div>
      </div>
    </div>
  );
}
