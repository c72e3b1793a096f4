import { PageHeader } from "@/components/page-header";

export function SessionsPage() {
  return (
    <>
      <PageHeader title="SessionsPage" />
    </>
  );
}
