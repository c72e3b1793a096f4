import { useCallback } from "react";
import { useNavigate, useSearchParams } from "react-router";
import type { Scope } from "./queries";
import type { CallRow } from "./row";

/** Which call is open, as the URL says it, and the way to another. */
export function useCallAddress(scope: Scope) {
  const [params] = useSearchParams();
  const navigate = useNavigate();
  const call = params.get("call") ?? "";
  const several = !scope.function;
  const rest = withoutCall(params);
  const href = useCallback(
    (row: Pick<CallRow, "id" | "functionId">) =>
      `?${rest}${rest && "&"}call=${row.id}${several ? `&of=${row.functionId}` : ""}`,
    [rest, several],
  );
  return {
    call,
    of: params.get("of") ?? "",
    href,
    // The way back leads to the list, not through every call that was looked at.
    open: (row: CallRow) => void navigate(href(row), { replace: call !== "", preventScrollReset: true }),
    close: () => {
      void navigate(`?${rest}`, { replace: true, preventScrollReset: true });
      focusList(call);
    },
  };
}

function withoutCall(params: URLSearchParams): string {
  const rest = new URLSearchParams(params);
  rest.delete("call");
  rest.delete("of");
  return rest.toString();
}

/** Back to where the call was opened. */
function focusList(call: string) {
  const rows = Array.from(document.querySelectorAll<HTMLElement>("[data-call]"));
  (rows.find((row) => row.dataset.call === call) ?? rows[0])?.focus({ preventScroll: true });
}
