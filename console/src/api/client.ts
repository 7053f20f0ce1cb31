// The one way to the server: typed by the generated schema, failures as `Failure` with the server's stable code.
import createClient from "openapi-fetch";
import type { paths } from "./schema";

/** What went wrong, as the server names it; `status` is 0 when it could not be reached. */
export class Failure extends Error {
  override readonly name = "Failure";
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly params: Record<string, string>,
  ) {
    super(message);
  }
}

// The header tells the server that a page of its own asks, not a form of somebody else's (CSRF).
export const client = createClient<paths>({
  baseUrl: globalThis.location?.origin ?? "",
  headers: { "X-Requested-With": "apiarist" },
});

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function toFailure(status: number, body: unknown): Failure {
  if (!isRecord(body)) return new Failure(status, status === 0 ? "unreachable" : "unexpected", "", {});
  const params: Record<string, string> = {};
  if (isRecord(body["params"])) {
    for (const [name, value] of Object.entries(body["params"])) params[name] = String(value);
  }
  const code = typeof body["code"] === "string" ? body["code"] : "unexpected";
  const message = typeof body["message"] === "string" ? body["message"] : "";
  return new Failure(status, code, message, params);
}

interface Answer<D> {
  data?: D;
  error?: unknown;
  response: Response;
}

async function answered<D>(asking: Promise<Answer<D>>): Promise<Answer<D>> {
  let answer;
  try {
    answer = await asking;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Failure(0, "unreachable", error instanceof Error ? error.message : "", {});
  }
  if (!answer.response.ok) throw toFailure(answer.response.status, answer.error);
  return answer;
}

/** The data of an answer, or a `Failure`. */
export async function take<D>(asking: Promise<Answer<D>>): Promise<D> {
  const { data, response } = await answered(asking);
  if (data === undefined) throw new Failure(response.status, "unexpected", "", {});
  return data;
}

/** Waits for an answer without content, or a `Failure`. */
export async function done(asking: Promise<Answer<unknown>>): Promise<void> {
  await answered(asking);
}
