/**
 * `node --import` of this file runs a program that was altered: everything is the product's own code, keys included,
 * but for one import of the signing rounds. It stands for a hijacked dependency on one key holder's machine.
 */
import { register } from 'node:module';

register('./altered-loader.js', import.meta.url);
