import { MergeView, unifiedMergeView } from '@codemirror/merge';
import { EditorState, type Extension } from '@codemirror/state';
import { EditorView, lineNumbers } from '@codemirror/view';
import { jupyterTheme, type IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { useEffect, useLayoutEffect, useRef, useState, type ReactElement } from 'react';

/** A panel that is wider shows the texts beside each other (px). */
export const WIDE = 700;

/** A difference that takes longer is shown more coarsely. */
const DIFF_CONFIG = { scanLimit: 1000, timeout: 100 };

/** Longer texts are not coloured by their language: parsing would be noticed (UTF-16 units). */
const COLOUR_MAX = 200_000;

interface Props {
  before: string;
  after: string;
  wide: boolean;
  mimeType: string;
  languages: IEditorLanguageRegistry | null;
  label: string;
}

/** What leads from one text to the other; read only. */
export function DiffView({ before, after, wide, mimeType, languages, label }: Props): ReactElement {
  const node = useRef<HTMLDivElement>(null);
  const language = useLanguage(mimeType, languages);
  useLayoutEffect(() => {
    const parent = node.current!;
    const extensions: Extension[] = [
      EditorState.readOnly.of(true),
      EditorView.editable.of(false),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ 'aria-label': label }),
      lineNumbers(),
      jupyterTheme,
      before.length + after.length > COLOUR_MAX ? [] : language
    ];
    // Where nothing is different the text itself is what there is to see.
    const collapseUnchanged = before === after ? undefined : { margin: 2, minSize: 6 };
    const view = wide
      ? new MergeView({
          a: { doc: before, extensions },
          b: { doc: after, extensions },
          parent,
          collapseUnchanged,
          diffConfig: DIFF_CONFIG
        })
      : new EditorView({
          doc: after,
          parent,
          extensions: [
            extensions,
            unifiedMergeView({
              original: before,
              mergeControls: false,
              collapseUnchanged,
              diffConfig: DIFF_CONFIG
            })
          ]
        });
    return () => view.destroy();
  }, [before, after, wide, language, label]);
  return <div ref={node} className="fk-Diff" />;
}

const NO_LANGUAGE: Extension = [];

function useLanguage(mimeType: string, languages: IEditorLanguageRegistry | null): Extension {
  const [language, setLanguage] = useState<Extension>(NO_LANGUAGE);
  useEffect(() => {
    let overtaken = false;
    const found = languages?.findByMIME(mimeType);
    if (languages && found) {
      void languages.getLanguage(found).then(loaded => !overtaken && setLanguage(loaded?.support ?? NO_LANGUAGE));
    }
    return () => {
      overtaken = true;
    };
  }, [mimeType, languages]);
  return language;
}
