import { LabIcon } from '@jupyterlab/ui-components';

/** A clock that goes back: what came out of earlier runs. */
export const runsIcon = new LabIcon({
  name: 'forkernel:runs',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" stroke="#616161" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round">
    <path fill="none" d="M4.5 8.5a8.5 8.5 0 1 1-1 4.5M3.5 4v5h5M12 7.5v5l3.5 2"/>
  </g>
</svg>`
});
