import { ProjectsPage } from "@/features/projects/page";

export { ProjectsPage as Component };
