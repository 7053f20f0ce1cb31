// Users: add, change the role, disable, reset the password, delete. The server keeps the last administrator.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Form, Input, Modal, Popconfirm, Select, Table } from "antd";
import { useState } from "react";
import { client, done, take } from "@/api/client";
import { usersQuery } from "@/api/queries";
import type { Role, UserView } from "@/api/types";
import { useT, useWords } from "@/i18n";
import * as known from "@/ui/choice";
import { Ago } from "@/ui/figures";
import { Pill } from "@/ui/marks";
import { useMe } from "@/ui/session";
import { Loaded } from "@/ui/states";
import { OneTime, useFailed } from "./one-time";

interface Shown {
  name: string;
  password: string;
}

function useRoles(): { value: Role; label: string }[] {
  const words = useWords();
  return known.ROLES.map((value) => ({ value, label: words("codes", `role.${value}`) }));
}

function AddUser({ onAdded, onClose }: { onAdded: (shown: Shown) => void; onClose: () => void }) {
  const t = useT();
  const roles = useRoles();
  const queries = useQueryClient();
  const failed = useFailed();
  const [form] = Form.useForm<{ name: string; role: Role }>();
  const add = useMutation({
    mutationFn: (body: { name: string; role: Role }) => take(client.POST("/api/v1/users", { body })),
    onSuccess: async ({ user, password }) => {
      await queries.invalidateQueries({ queryKey: usersQuery().queryKey });
      onAdded({ name: user.name, password: password ?? "" });
    },
    onError: failed,
  });
  return (
    <Modal
      open
      title={t("settings.addUser")}
      okText={t("settings.add")}
      onCancel={onClose}
      onOk={() => form.submit()}
      confirmLoading={add.isPending}
      width={420}
    >
      <Form form={form} layout="vertical" requiredMark={false} initialValues={{ role: "analyst" }} onFinish={add.mutate}>
        <Form.Item
          name="name"
          label={t("settings.userName")}
          extra={t("settings.nameRule")}
          rules={[{ required: true, pattern: /^[\w.@-]{1,64}$/, message: t("settings.nameRule") }]}
        >
          <Input autoFocus autoComplete="off" />
        </Form.Item>
        <Form.Item name="role" label={t("settings.role")} extra={t("settings.roleHelp")}>
          <Select options={roles} />
        </Form.Item>
      </Form>
    </Modal>
  );
}

function UserTable({ rows, onReset }: { rows: UserView[]; onReset: (shown: Shown) => void }) {
  const t = useT();
  const me = useMe();
  const roles = useRoles();
  const queries = useQueryClient();
  const failed = useFailed();
  const { message } = App.useApp();
  const refresh = () => queries.invalidateQueries({ queryKey: usersQuery().queryKey });
  const change = useMutation({
    mutationFn: ({ name, ...body }: { name: string; role?: Role; disabled?: boolean; reset_password?: boolean }) =>
      take(client.PATCH("/api/v1/users/{name}", { params: { path: { name } }, body })),
    onSuccess: async ({ user, password }) => {
      await refresh();
      if (password !== null) onReset({ name: user.name, password });
      else void message.success(t("common.saved"));
    },
    onError: failed,
  });
  const remove = useMutation({
    mutationFn: (name: string) => done(client.DELETE("/api/v1/users/{name}", { params: { path: { name } } })),
    onSuccess: refresh,
    onError: failed,
  });
  return (
    <div className="card flush">
      <Table<UserView>
        size="small"
        pagination={false}
        rowKey={(row) => row.name}
        dataSource={rows}
        columns={[
          {
            title: t("settings.userName"),
            render: (_, row) => (
              <span className="row">
                <span style={{ fontWeight: 500 }}>{row.name}</span>
                {row.name === me.name && <Pill tone="accent">{t("settings.you")}</Pill>}
                {row.disabled && <Pill>{t("settings.disabled")}</Pill>}
                {row.must_change && <Pill>{t("settings.mustChange")}</Pill>}
              </span>
            ),
          },
          {
            title: t("settings.role"),
            width: 160,
            render: (_, row) => (
              <Select
                size="small"
                variant="borderless"
                value={row.role}
                options={roles}
                aria-label={t("settings.role")}
                disabled={change.isPending}
                onChange={(role) => change.mutate({ name: row.name, role })}
                style={{ width: "100%" }}
              />
            ),
          },
          { title: t("settings.lastLogin"), width: 150, render: (_, row) => <Ago at={row.last_login} /> },
          { title: t("settings.created"), width: 150, render: (_, row) => <Ago at={row.created} /> },
          {
            title: "",
            width: 320,
            align: "right",
            render: (_, row) => (
              <span className="row" style={{ justifyContent: "flex-end", gap: 0 }}>
                <Popconfirm title={t("settings.resetAsk")} onConfirm={() => change.mutate({ name: row.name, reset_password: true })}>
                  <Button size="small" type="link">
                    {t("settings.reset")}
                  </Button>
                </Popconfirm>
                <Button size="small" type="link" onClick={() => change.mutate({ name: row.name, disabled: !row.disabled })}>
                  {t(row.disabled ? "settings.enable" : "settings.disable")}
                </Button>
                <Popconfirm title={t("settings.deleteUserAsk", { name: row.name })} onConfirm={() => remove.mutate(row.name)}>
                  <Button size="small" type="link" danger>
                    {t("settings.delete")}
                  </Button>
                </Popconfirm>
              </span>
            ),
          },
        ]}
      />
    </div>
  );
}

export function Users() {
  const t = useT();
  const query = useQuery(usersQuery());
  const [adding, setAdding] = useState(false);
  const [shown, setShown] = useState<Shown>();
  return (
    <div className="stack wide">
      <div className="row between">
        <span className="muted">{t("settings.usersIntro")}</span>
        <Button type="primary" onClick={() => setAdding(true)}>
          {t("settings.addUser")}
        </Button>
      </div>
      <Loaded query={query} what={t("settings.users")}>
        {(data) => <UserTable rows={data.rows} onReset={setShown} />}
      </Loaded>
      {adding && (
        <AddUser
          onClose={() => setAdding(false)}
          onAdded={(added) => {
            setAdding(false);
            setShown(added);
          }}
        />
      )}
      {shown && (
        <OneTime
          title={t("settings.passwordOf", { name: shown.name })}
          hint={t("settings.passwordOnce")}
          secret={shown.password}
          onClose={() => setShown(undefined)}
        />
      )}
    </div>
  );
}
