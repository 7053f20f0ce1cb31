// The time range of the page: relative to now, or from and until. Lives in the URL.
import { ClockCircleOutlined } from "@ant-design/icons";
import { Button, DatePicker, Popover } from "antd";
import dayjs from "dayjs";
import { useState } from "react";
import { useT, useWords } from "@/i18n";
import { dateTime } from "@/i18n/format";
import { RANGES, useUrl } from "@/ui/url";

export default function RangePicker() {
  const t = useT();
  const words = useWords();
  const url = useUrl();
  const [open, setOpen] = useState(false);
  const [from, until, range] = [url.get("from"), url.get("until"), url.get("range")];
  const exact = from !== "" || until !== "";
  const label = exact
    ? `${from === "" ? "…" : dateTime(from)} – ${until === "" ? "…" : dateTime(until)}`
    : words("shell", range in RANGES ? `range.${range}` : "range.all");
  const choose = (patch: Record<string, string | undefined>) => {
    url.set({ from: undefined, until: undefined, range: undefined, ...patch });
    setOpen(false);
  };
  return (
    <Popover
      trigger="click"
      open={open}
      onOpenChange={setOpen}
      placement="bottomRight"
      content={
        <div className="stack" style={{ width: 372 }}>
          <div className="row wrap">
            {Object.keys(RANGES).map((name) => (
              <Button
                key={name}
                size="small"
                type={!exact && name === range ? "primary" : "default"}
                onClick={() => choose({ range: name })}
              >
                {words("shell", `range.${name}`)}
              </Button>
            ))}
            <Button size="small" type={!exact && range === "" ? "primary" : "default"} onClick={() => choose({})}>
              {t("shell.range.all")}
            </Button>
          </div>
          <DatePicker.RangePicker
            showTime
            allowEmpty={[true, true]}
            value={[from === "" ? null : dayjs(from), until === "" ? null : dayjs(until)]}
            onChange={(dates) =>
              choose({ from: dates?.[0]?.toISOString() ?? "", until: dates?.[1]?.toISOString() ?? "" })
            }
          />
        </div>
      }
    >
      <Button icon={<ClockCircleOutlined />}>{label}</Button>
    </Popover>
  );
}
