/** What the participant's commands share: the running node of a home. */
import { callControl } from '../../proto/control/call.ts';
import type { CommandCall } from '../../proto/control/command.ts';
import { homeOf } from '../../proto/control/home-option.ts';
import type { JsonValue } from '../../proto/control/message.ts';
import { homeLayout } from '../keystore/settings.ts';

export async function askNode(call: CommandCall, method: string, params: JsonValue = {}): Promise<JsonValue> {
  return await callControl(homeLayout(homeOf(call)).control, method, params);
}
