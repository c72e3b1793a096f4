import { PageHeader } from "@/components/page-header";

export function FunctionsPage() {
  return (
    <>
      <PageHeader title="FunctionsPage" />
    </>
  );
}
