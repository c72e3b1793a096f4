import { FunctionsPage } from "@/features/functions/page";

export { FunctionsPage as Component };
