import { PageHeader } from "@/components/page-header";

export function NewFunctionPage({ project }: { project?: string | undefined }) {
  return (
    <>
      <PageHeader title="NewFunctionPage" description={project} />
    </>
  );
}
