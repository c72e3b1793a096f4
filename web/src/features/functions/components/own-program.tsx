import { CodeBlock } from "@/components/code-block";
import { useProjectOf } from "../queries";

/** How a function in any other language comes to the server: it is compiled elsewhere, so it is not written here. */
export function OwnProgram({ project }: { project: string | null }) {
  const slug = useProjectOf(project)?.slug;
  const lines = [
    `virga login ${location.origin}`,
    `virga deploy ./my-function --name my-function${slug ? ` --project ${slug}` : ""}`,
    `virga invoke my-function '{"name": "Ada"}'${slug ? ` --project ${slug}` : ""}`,
  ];
  return (
    <section className="grid min-w-0 content-start gap-4">
      <div className="grid gap-2 text-muted-foreground">
        <h2 className="text-[0.9375rem] font-semibold text-foreground">Deployed with the command line</h2>
        <p>
          A function of this kind is a program of your own, in C, Go, Rust, a shell or anything else: an executable file
          named <code className="font-mono text-[0.8125rem]">bootstrap</code>, with whatever files it needs beside it.
          It asks for the next event over HTTP, and posts its result.
        </p>
        <p>Put them into a directory, and send it:</p>
      </div>
      <CodeBlock code={lines.join("\n")} title="Shell" label="commands" />
      <p className="text-muted-foreground">
        The function then stands in the list like any other. Programs that speak the runtime interface of AWS Lambda run
        as they are.
      </p>
    </section>
  );
}
