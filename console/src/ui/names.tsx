// Names that content files bring in both languages: data types, rules, purposes. Loaded once, falls back to the id.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { rulesQuery } from "@/api/queries";
import { usePick, useWords } from "@/i18n";

export interface Names {
  dataType: (id: string) => string;
  rule: (id: string) => string;
  purpose: (id: string) => string;
  /** Whatever the id belongs to; comma-separated lists are worded one by one. */
  any: (ids: string) => string;
}

/** A rule's title without the values of one finding: `Login without limit: {count} tries` is `Login without limit`. */
export function general(title: string): string {
  return title.replace(/\s*[:：,，(（][^:：]*\{\w+\}.*$/u, "").replace(/\{\w+\}/g, "…");
}

export function useNames(): Names {
  const { data } = useQuery(rulesQuery());
  const pick = usePick();
  const words = useWords();
  return useMemo(() => {
    const types = new Map(data?.data_types.map((type) => [type.id, pick(type.name, type.name_zh)]));
    const rules = new Map(
      data?.weaknesses.map((rule) => [rule.id, general(pick(rule.en.title, rule.zh.title))]),
    );
    const purposes = new Map(data?.purposes.map((one) => [one.id, pick(one.name, one.name_zh)]));
    const one = (id: string) =>
      types.get(id) ?? rules.get(id) ?? purposes.get(id) ?? words("codes.detail", id);
    return {
      dataType: (id) => types.get(id) ?? id,
      rule: (id) => rules.get(id) ?? id,
      purpose: (id) => purposes.get(id) ?? id,
      any: (ids) => ids.split(/,\s*/).map(one).join(", "),
    };
  }, [data, pick, words]);
}
