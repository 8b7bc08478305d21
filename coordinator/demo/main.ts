/**
 * Begin here: `keymoot demo`. The main job on one machine, nothing of it pretended: real processes, a real network, a
 * real chain, and attacks with real keys. It succeeds only if everything happened as it should.
 */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeFailure } from '../../proto/control/message.ts';
import { Terminal } from '../../proto/control/terminal.ts';
import { systemCode } from '../../proto/rest/errors.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { attackCommand } from './hostile-main.ts';
import { writeLifecycle } from './lifecycle/report.ts';
import { openCast, tellLifecycle } from './lifecycle/story.ts';
import { Narrator } from './narrator.ts';
import { Processes } from './processes.ts';
import { writeReport } from './report.ts';
import { setStage, type Theatre } from './stage.ts';
import { tellStory } from './story.ts';

const USAGE = `Usage:
  keymoot demo [--story attacks|lifecycle] [--json FILE] [--keep DIR]
  keymoot demo attack two-faces|alter|old-epoch ...   a hostile coordinator against the nodes of a kept demo

Starts three participants, a coordinator and a local chain, makes a key, signs, is attacked, and audits all of it.
--story lifecycle   another story: the key is refreshed, moved to other machines and people, and keeps its address
--json FILE   writes what was signed and refused to FILE, and the transcripts beside it
--keep DIR    leaves homes, keys, policies and transcripts in DIR (new or empty), with a README.txt of next steps`;

/** @returns 0 if all of it happened, 1 with the step that did not, 2 usage */
export async function demo(args: readonly string[]): Promise<number> {
  const terminal = new Terminal();
  if (args[0] === 'attack') return await attackCommand(args.slice(1));
  const options = parse(args);
  if (typeof options === 'string' || options.help) {
    terminal.warn(typeof options === 'string' ? `${options}\n\n${USAGE}` : USAGE);
    return typeof options === 'string' ? 2 : 0;
  }
  const narrator = new Narrator(terminal);
  const processes = new Processes();
  const made: { dir?: string; theatre?: Theatre; interrupted?: NodeJS.Signals } = {};
  const cleanUp = async (): Promise<void> => {
    await processes.stopAll();
    await made.theatre?.chain?.stop();
    if (made.dir !== undefined && options.keep === undefined) await rm(made.dir, { recursive: true, force: true });
  };
  const interrupted = (signal: NodeJS.Signals): void => {
    made.interrupted = signal;
    terminal.warn(`\n${signal}: stopping everything the demo started.`);
    const exit = (): never => process.exit(signal === 'SIGINT' ? 130 : 143);
    cleanUp().then(exit, exit);
  };
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    made.dir = await directory(options.keep);
    const setting = [made.dir, options.keep !== undefined, processes, narrator] as const;
    if (options.story === 'lifecycle') {
      const cast = await openCast(...setting);
      made.theatre = cast;
      const wallet = await Promise.race([tellLifecycle(cast), processes.broken]);
      if (options.json !== undefined) await writeLifecycle(options.json, cast, wallet);
    } else {
      const stage = await setStage(...setting);
      made.theatre = stage;
      const wallet = await Promise.race([tellStory(stage), processes.broken]);
      if (options.json !== undefined) await writeReport(options.json, stage, wallet);
    }
    terminal.print(`\n${farewell(options)}`);
    return 0;
  } catch (error) {
    // Whatever fails because everything is being stopped is no news.
    if (made.interrupted !== undefined) return 1;
    const { code, message } = describeFailure((await processes.rootCause()) ?? error);
    terminal.warn(`\n${code}: ${narrator.current}: ${message}`);
    if (code === 'INTERNAL' && error instanceof Error) terminal.warn(error.stack ?? error.message);
    return 1;
  } finally {
    process.removeListener('SIGINT', interrupted);
    process.removeListener('SIGTERM', interrupted);
    await cleanUp();
  }
}

interface Options {
  readonly story: 'attacks' | 'lifecycle';
  readonly json: string | undefined;
  readonly keep: string | undefined;
  readonly help: boolean;
}

/** A sentence if the options cannot be read. */
function parse(args: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        story: { type: 'string', default: 'attacks' },
        json: { type: 'string' },
        keep: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    const { help, json, keep, story } = values;
    if (story === 'attacks' || story === 'lifecycle') return { story, json, keep, help };
    return '--story is attacks or lifecycle';
  } catch (error) {
    return error instanceof Error ? error.message : 'the arguments cannot be read';
  }
}

function farewell({ json, keep }: Options): string {
  const report = json === undefined ? [] : [`The report is in ${resolve(json)}.`];
  const next =
    keep === undefined
      ? 'Everything is stopped and removed. To go on with the same wallet, run it with --keep DIR.'
      : `Everything is stopped and kept in ${resolve(keep)}; its README.txt says how to go on.`;
  return [...report, next].join('\n');
}

/** A fresh directory; one that is to be kept must not hold anything yet. */
async function directory(keep: string | undefined): Promise<string> {
  if (keep === undefined) return await mkdtemp(join(tmpdir(), 'keymoot-demo-'));
  const dir = resolve(keep);
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    if ((await readdir(dir)).length === 0) return dir;
  } catch (error) {
    throw new InvalidArgument('KEEP_UNUSABLE', '--keep', `${dir} cannot be used: ${systemCode(error)}`);
  }
  throw new InvalidArgument('KEEP_NOT_EMPTY', '--keep', `${dir} is not empty; name a new directory`);
}
