import { Outlet } from "react-router";
import { PageHeader } from "@/components/page-header";

export function FunctionLayout({ id }: { id: string }) {
  return (
    <>
      <PageHeader title="FunctionLayout" description={id} />
      <Outlet />
    </>
  );
}
