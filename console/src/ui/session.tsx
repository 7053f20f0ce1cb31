// Who is logged in, for pages that show more to some roles.
import { createContext, useContext } from "react";
import type { Me, Role } from "@/api/types";

const nobody: Me = { name: "", role: "viewer", must_change: false };

export const SessionContext = createContext<Me>(nobody);

export function useMe(): Me {
  return useContext(SessionContext);
}

const RANK: Record<Role, number> = { viewer: 0, analyst: 1, admin: 2 };

/** Whether the user's role reaches `least`. The server decides; this only keeps useless buttons away. */
export function useMay(least: Role): boolean {
  return RANK[useMe().role] >= RANK[least];
}
