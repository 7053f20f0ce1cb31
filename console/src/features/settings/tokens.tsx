// Tokens with which machines push calls. The token itself is shown once, when it is made.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Form, Input, Modal, Popconfirm, Table } from "antd";
import { useState } from "react";
import { client, done, take } from "@/api/client";
import { tokensQuery } from "@/api/queries";
import type { TokenView } from "@/api/types";
import { useT } from "@/i18n";
import { Ago } from "@/ui/figures";
import { EmptyState, Loaded } from "@/ui/states";
import { OneTime, useFailed } from "./one-time";

function AddToken({ onMade, onClose }: { onMade: (secret: string) => void; onClose: () => void }) {
  const t = useT();
  const queries = useQueryClient();
  const failed = useFailed();
  const [form] = Form.useForm<{ name: string }>();
  const make = useMutation({
    mutationFn: (body: { name: string }) => take(client.POST("/api/v1/tokens", { body })),
    onSuccess: async ({ secret }) => {
      await queries.invalidateQueries({ queryKey: tokensQuery().queryKey });
      onMade(secret);
    },
    onError: failed,
  });
  return (
    <Modal
      open
      title={t("settings.addToken")}
      okText={t("settings.make")}
      onCancel={onClose}
      onOk={() => form.submit()}
      confirmLoading={make.isPending}
      width={420}
    >
      <Form form={form} layout="vertical" requiredMark={false} onFinish={make.mutate}>
        <Form.Item
          name="name"
          label={t("settings.tokenName")}
          extra={t("settings.nameRule")}
          rules={[{ required: true, pattern: /^[\w.@-]{1,64}$/, message: t("settings.nameRule") }]}
        >
          <Input autoFocus autoComplete="off" />
        </Form.Item>
      </Form>
    </Modal>
  );
}

export function Tokens() {
  const t = useT();
  const queries = useQueryClient();
  const failed = useFailed();
  const query = useQuery(tokensQuery());
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState<string>();
  const remove = useMutation({
    mutationFn: (name: string) => done(client.DELETE("/api/v1/tokens/{name}", { params: { path: { name } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: tokensQuery().queryKey }),
    onError: failed,
  });
  const example = (token: string) =>
    `curl -H 'Authorization: Bearer ${token}' \\\n  --data-binary @calls.jsonl ${location.origin}/api/v1/ingest`;
  return (
    <div className="stack wide">
      <div className="row between">
        <span className="muted">{t("settings.tokensIntro")}</span>
        <Button type="primary" onClick={() => setAdding(true)}>
          {t("settings.addToken")}
        </Button>
      </div>
      <Loaded query={query} what={t("settings.tokens")}>
        {(data) => (
          <div className="card flush">
            <Table<TokenView>
              size="small"
              pagination={false}
              rowKey={(row) => row.name}
              dataSource={data.rows}
              locale={{ emptyText: <EmptyState title={t("settings.noTokens")} hint={t("settings.noTokensHint")} /> }}
              columns={[
                { title: t("settings.tokenName"), render: (_, row) => <span style={{ fontWeight: 500 }}>{row.name}</span> },
                { title: t("settings.createdBy"), width: 180, render: (_, row) => row.created_by },
                { title: t("settings.created"), width: 150, render: (_, row) => <Ago at={row.created} /> },
                { title: t("settings.lastUsed"), width: 150, render: (_, row) => <Ago at={row.last_used} /> },
                {
                  title: "",
                  width: 120,
                  align: "right",
                  render: (_, row) => (
                    <Popconfirm title={t("settings.deleteTokenAsk", { name: row.name })} onConfirm={() => remove.mutate(row.name)}>
                      <Button size="small" type="link" danger>
                        {t("settings.delete")}
                      </Button>
                    </Popconfirm>
                  ),
                },
              ]}
            />
          </div>
        )}
      </Loaded>
      {adding && (
        <AddToken
          onClose={() => setAdding(false)}
          onMade={(made) => {
            setAdding(false);
            setSecret(made);
          }}
        />
      )}
      {secret !== undefined && (
        <OneTime
          title={t("settings.newToken")}
          hint={t("settings.tokenOnce")}
          secret={secret}
          example={example(secret)}
          onClose={() => setSecret(undefined)}
        />
      )}
    </div>
  );
}
