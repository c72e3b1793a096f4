import { KeysPage } from "@/features/auth/keys-page";

export { KeysPage as Component };
