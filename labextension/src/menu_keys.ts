import type { CommandRegistry } from '@lumino/commands';
import { JSONExt, type ReadonlyPartialJSONObject } from '@lumino/coreutils';

/** No element has it: these bindings are there to be read, not to be pressed. */
const NOWHERE = '.fk-mod-nowhere';

/**
 * Menus show the keys of an item only where a key is bound with the same arguments. What stands in a menu with `args` shows
 * the keys of the same command without any, also when the person chooses others.
 */
export function showKeysInMenus(commands: CommandRegistry, args: ReadonlyPartialJSONObject): void {
  const shown = new Map<string, { keys: string; binding: { dispose(): void } }>();
  let showing = false; // bindings that are made here change the bindings, too
  const show = () => {
    if (showing) {
      return;
    }
    showing = true;
    const bound = new Map(
      commands.keyBindings
        .filter(one => one.command.startsWith('forkernel:') && JSONExt.deepEqual(one.args, {}))
        .map(one => [one.command, one.keys])
    );
    for (const [command, { keys, binding }] of shown) {
      if (bound.get(command)?.join('\n') !== keys) {
        binding.dispose();
        shown.delete(command);
      }
    }
    for (const [command, keys] of bound) {
      if (!shown.has(command)) {
        const binding = commands.addKeyBinding({ command, args, keys: [...keys], selector: NOWHERE });
        shown.set(command, { keys: keys.join('\n'), binding });
      }
    }
    showing = false;
  };
  commands.keyBindingChanged.connect(show);
  show();
}
