// src/tree/line_change and src/panel/share_out: what a row says of its version, and how wide the panel begins.
import assert from 'node:assert/strict';
import { test } from '@jest/globals';
import { apartFrom, changePieces, linePieces, piecesApart, textOf } from '../lib/tree/line_change.js';
import { shareOut } from '../lib/panel/share_out.js';

const said = pieces => pieces.map(({ kind, text }) => `${kind[0]}:${text}`).join('|');
const change = (before, after, more = {}) => ({ added: 1, removed: 1, summary: '', before, after, ...more });

test('a changed line begins at the words that changed', () => {
  assert.equal(
    said(linePieces('double growth = 0.04;', 'double growth = 0.05;')),
    's:… growth = |r:0.04|s: → |a:0.05|s:;'
  );
  assert.equal(said(linePieces('  a + 1', 'a + 1 + 2')), 's:a + 1|a: + 2');
  assert.equal(said(linePieces('f(x, y);', 'f(x);')), 's:f(x|r:, y|s:);');
});

test('another line is no changed line', () => {
  assert.equal(linePieces('double growth = 0.04;', 'printf("more\\n");'), undefined);
  assert.equal(linePieces('a', ''), undefined);
  assert.equal(said(changePieces(change('double growth = 1;', 'printf("x");'), '')), 'a:+ |s:printf("x");');
  assert.equal(said(changePieces(change('', '  int y;'), '')), 'a:+ |s:int y;');
  assert.equal(said(changePieces(change('int y;', ''), '')), 'r:− |s:int y;');
});

test('what is no line is said in words', () => {
  assert.equal(said(changePieces(undefined, 'int x;')), 's:int x;');
  assert.equal(said(changePieces(change('', '', { summary: '(white space)' }), 'int x;')), 's:(white space)');
});

test('rows leave out what they share with their neighbours', () => {
  assert.equal(apartFrom('double growth = 0.05;', ['double growth = 0.04;']), '… growth = 0.05;');
  assert.equal(apartFrom('int a = 1;', ['int b = 1;']), 'int a = 1;', 'too little to leave out');
  assert.equal(apartFrom('the same line', ['the same line']), 'the same line');
  assert.equal(apartFrom('double growth = 0.05;', ['', 'float y;']), 'double growth = 0.05;');
  const rows = ['double growth = 1;', 'double growth = 2;', 'x'].map(line => changePieces(change('', line), ''));
  assert.equal(textOf(piecesApart(rows[0], [rows[1]])), '+ … growth = 1;');
  assert.equal(textOf(piecesApart(rows[1], [rows[0], rows[2]])), '+ … growth = 2;');
  assert.equal(textOf(piecesApart(rows[2], [rows[1]])), '+ x');
});

test('the panel gets what it wants, and never more than the notebook has', () => {
  assert.deepEqual(shareOut([1, 2, 1], 1600, 460), [400, 740, 460]);
  assert.deepEqual(shareOut([0, 500, 250], 750, 460), [0, 375, 375]);
  assert.deepEqual(shareOut([0, 300, 700], 1000, 460), [0, 300, 700], 'what it has it keeps');
  assert.deepEqual(shareOut([0, 0, 0], 1000, 460), [0, 0, 0]);
});
