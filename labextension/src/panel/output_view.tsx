import type * as nbformat from '@jupyterlab/nbformat';
import { OutputAreaModel, SimplifiedOutputArea, type OutputArea } from '@jupyterlab/outputarea';
import type { IRenderMime, IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { Widget } from '@lumino/widgets';
import { useLayoutEffect, useRef, type ReactElement } from 'react';
import { svgAddress } from './contents.js';

/** More outputs than this are not drawn before somebody asks for them. */
const OUTPUTS_MAX = 20;

interface Props {
  outputs: nbformat.IOutput[];
  rendermime: IRenderMimeRegistry;
}

/** Outputs by JupyterLab's own renderers, untrusted: nothing of an old output runs. */
export function OutputView({ outputs, rendermime }: Props): ReactElement {
  const node = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const safe = rendermime.clone();
    safe.addFactory({
      safe: true,
      mimeTypes: ['image/svg+xml'],
      defaultRank: 80, // as JupyterLab's own
      createRenderer: () => new SvgPicture()
    });
    const model = new OutputAreaModel({ values: outputs, trusted: false });
    const area = new SimplifiedOutputArea({
      model,
      rendermime: safe as unknown as OutputArea.IOptions['rendermime'], // the same, of another patch level
      maxNumberOutputs: OUTPUTS_MAX
    });
    Widget.attach(area, node.current!);
    // A layout effect: a widget is to be disposed of before its node is gone.
    return () => {
      area.dispose();
      model.dispose();
    };
  }, [outputs, rendermime]);
  return <div ref={node} className="fk-Output" />;
}

/** JupyterLab shows an SVG only where it is trusted; as a picture it can do nothing. */
class SvgPicture extends Widget implements IRenderMime.IRenderer {
  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const value = model.data['image/svg+xml'];
    const image = document.createElement('img');
    image.alt = String(model.data['text/plain'] ?? '');
    image.src = svgAddress(Array.isArray(value) ? value.join('') : String(value));
    this.node.replaceChildren(image);
    return Promise.resolve();
  }
}
