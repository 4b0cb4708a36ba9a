// src/capture/text.ts and cell_log.ts: pure functions on texts.
import assert from 'node:assert/strict';
import { test } from '@jest/globals';
import { causeOf } from '../lib/capture/editor_cause.js';
import { applyDelta, hashText, spliceBetween } from '../lib/capture/text.js';

const apply = (text, splice) => text.slice(0, splice.at) + splice.insert + text.slice(splice.at + splice.delete);

test('a splice leads from one text to the other and is the smallest', () => {
  assert.deepEqual(spliceBetween('hello world', 'hello my world'), { at: 6, delete: 0, insert: 'my ' });
  assert.deepEqual(spliceBetween('aaa', 'aa'), { at: 2, delete: 1, insert: '' });
  assert.deepEqual(spliceBetween('', 'x'), { at: 0, delete: 0, insert: 'x' });
  assert.deepEqual(spliceBetween('same', 'same'), { at: 4, delete: 0, insert: '' });
});

test('any two texts, also of surrogate pairs, which are never cut', () => {
  const letters = ['a', 'b', '\n', '😀', '😁', '🀀', 'é'];
  let state = 7;
  const random = below => (state = (state * 48271) % 2147483647) % below;
  for (let i = 0; i < 5000; i++) {
    const text = () => Array.from({ length: random(6) }, () => letters[random(letters.length)]).join('');
    const [before, after] = [text(), text()];
    const splice = spliceBetween(before, after);
    assert.equal(apply(before, splice), after);
    assert.ok(splice.insert.isWellFormed() && before.slice(splice.at, splice.at + splice.delete).isWellFormed());
  }
});

test('the hash of docs/comm.md', () => {
  assert.equal(hashText(''), 0x811c9dc5);
  assert.equal(hashText('a'), 0xe40c292c); // FNV-1a's own test vectors
  assert.equal(hashText('foobar'), 0xbf9cf968);
});

test('deltas of yjs', () => {
  assert.equal(applyDelta('abc', [{ retain: 1 }, { insert: 'X' }, { delete: 1 }]), 'aXc');
  assert.equal(applyDelta('abc', []), 'abc');
});

test("CodeMirror's user events", () => {
  const cases = { 'input.type': 'typing', 'input.paste': 'paste', 'input.drop': 'paste', 'delete.cut': 'cut' };
  for (const [event, cause] of Object.entries({ ...cases, 'delete.backward': 'typing', 'move.line': 'typing' })) {
    assert.equal(causeOf(event), cause);
  }
  assert.equal(causeOf(undefined), 'program');
});
