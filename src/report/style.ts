// The style of a report's page: light and dark, from a phone's width up, nothing from elsewhere.

/** Colours of lines and labels (after Okabe & Ito, told apart by all kinds of sight), on light and on dark paper. */
const TONES = [
  ["#0b6fb0", "#62b2ec"],
  ["#c8570b", "#f2935c"],
  ["#0a8a68", "#3fc79f"],
  ["#b0568c", "#e397c4"],
  ["#b57f00", "#e9b43c"],
  ["#2a9ac9", "#8fd3f4"],
  ["#7c7215", "#e6dc62"],
  ["#6a51a3", "#ab98e0"],
  ["#8c5a34", "#cf9f77"],
  ["#a3a5a8", "#6d7075"],
] as const;

/** Steps of a factor, from low to high: blue to orange, with a middle that is seen on both papers. */
const SHADES = ["#1f5fa8", "#4a86c0", "#84abcb", "#a9a8a0", "#d3a068", "#d17c35", "#b65509"] as const;

const declared = (side: 0 | 1) => TONES.map((tone, i) => `--tone${i}:${tone[side]}`).join(";");

/** The style sheet. */
export const STYLE = `
:root{color-scheme:light dark;--paper:#fcfbf8;--ink:#23262b;--soft:#666b73;--line:#e4e1d9;--panel:#f5f3ed;--warn:#8a4b00;${declared(0)}}
@media(prefers-color-scheme:dark){:root{--paper:#16181b;--ink:#e6e3dc;--soft:#9c9fa6;--line:#2e3136;--panel:#1d2024;--warn:#f2b36b;${declared(1)}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;padding:0 1.25rem;background:var(--paper);color:var(--ink);font:17px/1.55 Charter,"Bitstream Charter","Iowan Old Style",Palatino,"Source Serif 4",Georgia,serif;text-rendering:optimizeLegibility}
main{max-width:58rem;margin:0 auto;padding:3.5rem 0 4rem}
h1,h2,h3{font-weight:600;line-height:1.2;letter-spacing:-.01em;text-wrap:balance;overflow-wrap:break-word}
h1{font-size:2.1rem;margin:0 0 .5rem}
h2{font-size:1.4rem;margin:0 0 .4rem}
h3{font-size:1.05rem;margin:2rem 0 .7rem}
section{margin-top:3.2rem;padding-top:2rem;border-top:1px solid var(--line)}
p{margin:0 0 1rem}
.lead{max-width:42rem;color:var(--ink);margin-bottom:1.5rem;text-wrap:pretty}
.settings,.source,figcaption,dt,dd,table,.rows,.columns{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
.settings{font-size:.85rem;color:var(--soft);margin-bottom:1.8rem}
.settings span{margin-right:1.1em;overflow-wrap:anywhere}
.settings b{font-weight:500;color:var(--ink)}
.source{font-size:.8rem;color:var(--soft)}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(9.5rem,45%),1fr));gap:1.4rem 1.6rem;margin:0 0 1.4rem}
dt{font-size:.78rem;color:var(--soft)}
dd{margin:0;font-size:.76rem;line-height:1.4;color:var(--soft)}
dd.value{font:600 1.75rem/1.25 Charter,"Bitstream Charter","Iowan Old Style",Palatino,Georgia,serif;color:var(--ink);font-variant-numeric:lining-nums;white-space:nowrap}
dd.value small{font-size:.55em;font-weight:400;color:var(--soft)}
.warning{max-width:42rem;border-left:3px solid var(--warn);padding:.1rem 0 .1rem .9rem;font-size:.95rem;color:var(--warn)}
.beside{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(18.5rem,100%),1fr));gap:1.8rem 2.2rem;align-items:start}
.row{display:flex;flex-wrap:wrap;gap:1rem 2rem;align-items:flex-start}
.row>figure{flex:0 1 auto;margin:0}
.row figcaption{max-width:36rem}
#checkerboards figcaption{max-width:12rem}
.row>.effect{flex:1 1 14rem;max-width:19rem}
figure{margin:0 0 1rem;min-width:0}
figcaption{font-size:.8rem;line-height:1.45;color:var(--soft);margin-top:.55rem;max-width:40rem;text-wrap:pretty}
figcaption b{font-weight:600;color:var(--ink)}
.picture{display:grid;grid-template-columns:minmax(0,var(--width));justify-content:start;column-gap:.7rem}
.named{grid-template-columns:auto minmax(0,var(--width))}
.picture img{grid-column:-2;display:block;width:100%;height:auto;image-rendering:pixelated}
.rows{grid-column:1;grid-row:1;display:grid;grid-auto-rows:minmax(0,1fr);align-items:center;text-align:right;font-size:.74rem;line-height:1.1;color:var(--soft);white-space:nowrap;font-variant-numeric:tabular-nums}
.rows small{font-size:.92em;opacity:.85;display:inline-block;min-width:4.6em}
.columns{grid-column:-2;display:grid;grid-auto-flow:column;grid-auto-columns:minmax(0,1fr);text-align:center;font-size:.72rem;line-height:1.2;margin-top:.35rem;color:var(--soft);font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
sub{font-size:.75em;line-height:0}
.chart{display:block;width:100%;max-width:var(--width);height:auto;overflow:visible;font:11px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;font-variant-numeric:tabular-nums}
.chart text{fill:var(--soft)}
.chart .name{fill:var(--ink)}
.middle{text-anchor:middle}
.end{text-anchor:end}
.grid{stroke:var(--line);fill:none}
.axis,.tick{stroke:var(--soft);fill:none;stroke-width:.8}
.line{fill:none;stroke:currentColor;stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}
.dots{fill:none;stroke:currentColor;stroke-width:4.6;stroke-linecap:round;stroke-opacity:.85}
.past{stroke-opacity:.5}
.swatch.past{opacity:.5}
.fill{fill:currentColor}
.area{fill:currentColor;fill-opacity:.25;stroke:currentColor;stroke-width:1.2}
.chart .cloud{fill:var(--ink);font-weight:600;font-size:12px;stroke:var(--paper);stroke-width:3.5px;paint-order:stroke}
.swatch{display:inline-block;width:.75em;height:.75em;border-radius:50%;background:currentColor;margin-right:.1em}
.ramp{display:inline-block;width:5.5em;height:.6em;border-radius:.3em;vertical-align:baseline;background:linear-gradient(90deg,${SHADES.join(",")})}
table{border-collapse:collapse;font-size:.82rem;margin-top:2.2rem;width:100%;max-width:34rem}
caption{text-align:left;color:var(--soft);padding-bottom:.6rem;line-height:1.45}
th{font-weight:400;text-align:left;padding:.14rem 1rem .14rem 0;white-space:nowrap}
td{padding:.14rem 0;width:100%}
td.number{width:auto;padding-left:.8rem;font-variant-numeric:tabular-nums;color:var(--soft)}
.numbers{width:auto;max-width:100%;display:block;overflow-x:auto}
.numbers td.number{text-align:right;white-space:nowrap}
.numbers th+th{text-align:right;white-space:normal;vertical-align:bottom;padding:.14rem 0 .14rem .8rem}
.wide{overflow-x:auto;margin-bottom:1.8rem}
.confusion{margin-top:0;width:auto;max-width:none;font-variant-numeric:tabular-nums}
.confusion td{width:2.6rem;min-width:2.2rem;text-align:center;padding:.24rem .2rem;background:color-mix(in srgb,var(--tone0) calc(var(--share,0)*70%),transparent)}
.confusion thead th{vertical-align:bottom;padding:0 .2rem .3rem;text-align:center}
.confusion thead span{writing-mode:vertical-rl;transform:rotate(180deg)}
.bar{display:block;height:.62rem;border-radius:2px;width:calc(var(--share)*100%);background:var(--tone0)}
footer{margin-top:3.5rem;padding-top:1rem;border-top:1px solid var(--line);font-size:.85rem;color:var(--soft)}
${TONES.map((_, i) => `.tone${i}{color:var(--tone${i})}`).join("")}
${SHADES.map((shade, i) => `.shade${i}{color:${shade}}`).join("")}
@media(max-width:36rem){body{font-size:16px;padding:0 1rem}main{padding-top:2rem}h1{font-size:1.65rem}.rows{font-size:.66rem;line-height:1}.picture{column-gap:.45rem}.rows small{display:block;min-width:0}.columns{font-size:.62rem}}
@media print{body{background:none}section{break-inside:avoid}}
`;
