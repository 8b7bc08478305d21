/** What the coordinator's commands share: the running service of a home. */
import { callControl } from '../../proto/control/call.ts';
import type { CommandCall } from '../../proto/control/command.ts';
import { homeOf } from '../../proto/control/home-option.ts';
import type { JsonValue } from '../../proto/control/message.ts';
import { homeLayout } from '../layout.ts';

export async function askService(
  call: CommandCall,
  method: string,
  params: JsonValue = {},
  onEvent?: (event: JsonValue) => void,
): Promise<JsonValue> {
  const { control } = homeLayout(homeOf(call));
  return await callControl(control, method, params, onEvent === undefined ? {} : { onEvent });
}
