// Times npm's iso_8583 on the message that every peer reads, given in hexadecimal. Prints one
// line: slug, step, name, then median, least and greatest microseconds of the rounds.
'use strict';

const Iso8583 = require('iso_8583');
const version = require('iso_8583/package.json').version;
const formats = require('iso_8583/lib/formats');

const ROUNDS = 15;
const TIMES = 500;

const own = { ...formats };
for (const number of ['28', '29', '30', '31']) {
  own[number] = { ContentType: 'n', Label: number, LenType: 'fixed', MaxLen: 8 };
}
own['52'] = { ContentType: 'b', Label: '52', LenType: 'fixed', MaxLen: 16 };
own['53'] = { ContentType: 'n', Label: '53', LenType: 'fixed', MaxLen: 16 };
own['55'] = { ContentType: 'ans', Label: '55', LenType: 'lllvar', MaxLen: 999 };

function microseconds(work) {
  const found = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint();
    for (let time = 0; time < TIMES; time++) work();
    found.push(Number(process.hrtime.bigint() - start) / TIMES / 1000);
  }
  return found.sort((one, other) => one - other);
}

const message = Buffer.from(process.argv[2], 'hex');
const decode = () => new Iso8583(null, own).getIsoJSON(message, { lenHeader: false });

// Writing is not timed: it always adds a second bitmap, which the message does not have.
function wire(number, value) {
  const { LenType: length, ContentType: type } = own[number];
  const digits = { fixed: 0, llvar: 2, lllvar: 3 }[length];
  const prefix = digits ? String(value.length).padStart(digits, '0') : '';
  return Buffer.concat([Buffer.from(prefix), Buffer.from(value, type === 'b' ? 'hex' : 'latin1')]);
}

const decoded = decode();
const values = Object.keys(decoded).filter((number) => number !== '0');
const read = Buffer.concat(values.map((number) => wire(number, decoded[number])));
if (decoded.error || !message.subarray(12).equals(read)) {
  console.error('iso_8583 reads the message differently', decoded.error || '');
  process.exit(1);
}
const found = microseconds(decode);
const figures = [found[found.length >> 1], found[0], found[found.length - 1]];
const cells = figures.map((figure) => figure.toFixed(1));
console.log(['open', 'owned', `iso_8583 ${version}`, ...cells].join('\t'));
