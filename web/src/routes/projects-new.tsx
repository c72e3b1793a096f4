import { NewProjectPage } from "@/features/projects/new-page";

export { NewProjectPage as Component };
