/** serve.mjs SOCKET: answers "ping" until it is killed. */
import { serveControl } from '../../../../dist/proto/control/serve.js';

await serveControl(process.argv[2], () => Promise.resolve('pong'));
process.stdout.write('ready\n');
