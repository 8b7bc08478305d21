/** The thread that computes base OT: it would hold up the network (docs/protocol.md p). */
import { parentPort, workerData } from 'node:worker_threads';
import { BugError } from '../../protocol/common/errors.ts';
import { installPlatformHash } from '../hashing.ts';
import { serve } from './service.ts';
import type { ThreadData } from './thread-messages.ts';

installPlatformHash();
if (parentPort === null) throw new BugError('BUG_THREAD', 'this module runs as a worker thread only');
serve(parentPort, workerData as ThreadData);
