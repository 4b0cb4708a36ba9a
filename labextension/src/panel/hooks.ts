import type { ISignal } from '@lumino/signaling';
import { useEffect, useReducer, useState } from 'react';
import { follow, type Closable } from './follow.js';

/** Render again when the signal is emitted; several emissions before the next frame are one. */
export function useSignal(signal: ISignal<unknown, unknown> | undefined): void {
  const [, again] = useReducer((n: number) => n + 1, 0);
  useEffect(() => {
    let frame = 0;
    const onSignal = () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        again();
      });
    };
    signal?.connect(onSignal);
    return () => {
      cancelAnimationFrame(frame);
      signal?.disconnect(onSignal);
    };
  }, [signal]);
}

/** What `read` reads from a model that says when it changes; at first `none` where the model is closed already. */
export function useReading<T>(
  model: Closable,
  signal: ISignal<unknown, unknown> | undefined,
  read: () => T,
  none: T
): T {
  const [value, setValue] = useState(() => (model.isDisposed ? none : read()));
  useEffect(() => signal && follow(model, signal, () => setValue(read())), [signal]);
  return value;
}

/** A clock for "3 min ago", in microseconds. */
export function useNow(everyMs = 20_000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now * 1000;
}

export interface Answer<T> {
  key: unknown;
  value?: T;
  error?: string;
}

/** Who walks on within this time does not want to see what is passed (ms). */
const WALK_MS = 30;

/**
 * The answer to the last question; an answer that comes after the next question was asked is dropped. The last answer
 * stays while the next is awaited: look at its `key`.
 */
export function useAnswer<T>(key: unknown, ask: (() => Promise<T>) | undefined): Answer<T> | undefined {
  const [answer, setAnswer] = useState<Answer<T>>();
  useEffect(() => {
    if (!ask) {
      setAnswer(undefined);
      return;
    }
    let overtaken = false;
    const timer = setTimeout(async () => {
      const next: Answer<T> = { key };
      try {
        next.value = await ask();
      } catch (error) {
        next.error = error instanceof Error ? error.message : String(error);
      }
      if (!overtaken) {
        setAnswer(next);
      }
    }, WALK_MS);
    return () => {
      overtaken = true;
      clearTimeout(timer);
    };
  }, [key]);
  return answer;
}

/** Width of an element, as it changes. */
export function useWidth(element: HTMLElement | null): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!element) {
      return;
    }
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return width;
}
