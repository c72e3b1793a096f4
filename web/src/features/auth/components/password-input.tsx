import { Eye, EyeOff } from "lucide-react";
import { type ComponentProps, useState } from "react";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";

/** A password, with a button that shows what is typed. `autoComplete` tells password managers whether it is a new one. */
export function PasswordInput({ autoComplete, ...rest }: ComponentProps<"input"> & { autoComplete: string }) {
  const [shown, setShown] = useState(false);
  return (
    <div className="relative">
      <Input
        {...rest}
        type={shown ? "text" : "password"}
        autoComplete={autoComplete}
        autoCapitalize="none"
        className="pr-10"
      />
      <Button
        variant="ghost"
        size="smallIcon"
        className="absolute top-0.75 right-0.75"
        aria-label={shown ? "Hide the password" : "Show the password"}
        onClick={() => setShown(!shown)}
      >
        {shown ? <EyeOff /> : <Eye />}
      </Button>
    </div>
  );
}
