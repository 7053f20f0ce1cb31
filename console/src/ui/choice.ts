// Values of the URL that the API takes as one of a fixed set: known ones pass, anything else is left out.

/** The member of `known` that equals `text`. */
export function oneOf<V extends string>(known: readonly V[], text: string): V | undefined {
  return known.find((value) => value === text);
}

/** A whole number within bounds, or nothing. */
export function whole(text: string, min: number, max: number): number | undefined {
  const value = Number(text);
  return text !== "" && Number.isInteger(value) && value >= min && value <= max ? value : undefined;
}

/** The same object without the keys that have no value. */
export function present<O extends object>(object: O): { [K in keyof O]?: Exclude<O[K], undefined | ""> };
export function present(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined && value !== ""));
}

export const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] as const;
export const SEVERITIES = ["critical", "high", "medium", "low", "info"] as const;
export const STATES = ["open", "confirmed", "ignored", "fixed"] as const;
export const LIFE_STATES = ["new", "active", "dormant"] as const;
export const EXPOSURES = ["open", "internal", "unknown"] as const;
export const VERDICTS = ["none", "mixed", "required", "unknown"] as const;
export const REASONS = ["unconfirmed", "scanner", "static", "page", "no-response", "attack", "unreadable"] as const;
export const ENDPOINT_SORTS = ["risk", "calls", "errors", "level", "template", "first_seen", "last_seen"] as const;
export const ORDERS = ["asc", "desc"] as const;
export const SIDES = ["request", "response"] as const;
export const LEVELS = [1, 2, 3, 4, 5] as const;
export const ROLES = ["viewer", "analyst", "admin"] as const;
