// tsc emits only what it compiled: generated protobuf code is plain JavaScript and is copied beside it.
import { cpSync, existsSync } from 'node:fs';

if (existsSync('proto/gen')) cpSync('proto/gen', 'dist/proto/gen', { recursive: true });
