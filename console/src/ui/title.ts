// The title of the browser's tab: the page first, so that many tabs can be told apart.
import { useEffect } from "react";

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === "" ? "Apiarist" : `${title} · Apiarist`;
  }, [title]);
}
