'use strict';
// A USSD centre of node-smpp, with handsets that sell through whatever gateway binds to it:
// node ussd_centre.js PLAN.json RESULT.json, started by scripts/ussd-centres.
//
// Each link of the plan is a server of its own, in the way of one profile. Its first line of output has
// the ports. What a handset saw and typed, and what the gateway did against the profile (`bad`), is in
// the result. Handsets abort, fall silent and are cut off at every step; the centre throttles, refuses, answers
// nothing, sends octets that are no PDU, sends messages twice and drops its connection.
const fs = require('fs');
const smpp = require('smpp');

const [planFile, resultFile] = process.argv.slice(2);
const plan = JSON.parse(fs.readFileSync(planFile, 'utf8'));
const BEGIN = 1, ASK = 2, NOTIFY = 3, END = 0x11, INPUT = 0x12, DISPLAYED = 0x13, ABORT = 0x81;
const THROTTLED = 0x58, QUEUE_FULL = 0x14, REFUSED = 0x45;
const STEP_MS_MAX = 20000;

// mulberry32: the same plan is the same run, as far as sockets allow.
let state = plan.seed >>> 0;
function random() {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const below = (n) => Math.floor(random() * n);
const pick = (list) => list[below(list.length)];
const chance = (percent) => random() * 100 < percent;

const result = { bad: [], confirmed: [], seen: [], typed: [], ends: {}, faults: {}, dialogs: 0, most: 0, links: {} };
const count = (table, key) => { table[key] = (table[key] || 0) + 1; };
let open = 0;
const typed = new Set();
function bad(where, what) { if (result.bad.length < 50) result.bad.push(`${where}: ${what}`); }

// How each profile names a session and marks an end.
const word = (value) => Buffer.from([value >> 8, value & 0xff]);
const PROFILES = {
  standard: {
    id: (n) => n % 256,
    said: (d) => ({ its_session_info: Buffer.from([d.id, (d.turn++ % 127) << 1]) }),
    id_of: (pdu) => pdu.its_session_info && pdu.its_session_info[0],
    is_end: (pdu) => pdu.ussd_service_op === END && (pdu.its_session_info[1] & 1) === 1,
    is_ask: (pdu) => pdu.ussd_service_op === ASK && (pdu.its_session_info[1] & 1) === 0,
  },
  sixdee: {
    id: (n) => (n * 2) % 65536,
    said: (d) => ({ its_session_info: word(d.id) }),
    id_of: (pdu) => pdu.its_session_info && pdu.its_session_info.readUInt16BE(0) & 0xfffe,
    is_end: (pdu) => pdu.ussd_service_op === END && (pdu.its_session_info[1] & 1) === 1,
    is_ask: (pdu) => pdu.ussd_service_op === ASK && (pdu.its_session_info[1] & 1) === 0,
  },
  tata: {
    id: (n) => (n * 2) % 65536,
    said: (d) => ({ its_session_info: word(d.id) }),
    id_of: (pdu) => pdu.its_session_info && pdu.its_session_info.readUInt16BE(0) & 0xfffe,
    is_end: (pdu) => pdu.ussd_service_op === ASK && (pdu.its_session_info[1] & 1) === 1,
    is_ask: (pdu) => pdu.ussd_service_op === ASK && (pdu.its_session_info[1] & 1) === 0,
  },
  mica: {
    id: (n) => n % 65536,
    said: (d) => ({ user_message_reference: d.id }),
    id_of: (pdu) => pdu.user_message_reference,
    is_end: (pdu) => pdu.ussd_service_op === END,
    is_ask: (pdu) => pdu.ussd_service_op === ASK,
  },
  op32: {
    id: () => 0,
    said: () => ({}),
    id_of: () => 0,
    is_end: (pdu) => pdu.ussd_service_op === 0x20,
    is_ask: (pdu) => pdu.ussd_service_op === ASK,
  },
};

class Link {
  constructor(spec) {
    this.name = spec.name;
    this.profile = PROFILES[spec.profile];
    // Whether an application binds a transmitter and a receiver; without, both are one session.
    this.is_pair = spec.pair;
    // Where it submits, and where it reads; `session` is the latter once both are there.
    this.sender = this.reader = this.session = null;
    this.binds = 0;
    // Numbers above 0x7fffffff on every second link.
    this.sequence = spec.high ? 0xfffff000 : 1;
    this.owed = new Map();
    this.nacks = new Map();
    this.delivered = 0;
    this.handsets = new Map(spec.handsets.map((one) => [one.msisdn, new Handset(this, one)]));
    this.total = spec.handsets.length * plan.dialogs;
    this.begun = 0;
    this.cuts = [0.3, 0.6].map((part) => Math.floor(part * this.total));
    this.server = smpp.createServer((session) => this.accept(session));
  }

  accept(session) {
    // As centres do: what one connection says is not held back behind what the other one does.
    session.socket.setNoDelay(true);
    session.on('error', () => {});
    ['transceiver', 'transmitter', 'receiver'].forEach((role) => session.on(`bind_${role}`, (pdu) => this.bind(session, role, pdu)));
    session.on('enquire_link', (pdu) => session.send(pdu.response()));
    session.on('unbind', (pdu) => session.send(pdu.response()));
    session.on('submit_sm', (pdu) => {
      if (this.is_pair && session === this.reader) bad(this.name, 'a submit_sm on the receiver');
      this.submitted(session, pdu);
    });
    session.on('deliver_sm_resp', (pdu) => {
      const owed = this.owed.get(pdu.sequence_number) || 0;
      if (session !== this.session) return;
      if (!owed) return bad(this.name, `a deliver_sm_resp with ${pdu.sequence_number}, which is owed to nobody`);
      if (pdu.command_status) bad(this.name, `a deliver_sm was refused: ${pdu.command_status}`);
      if (owed === 1) this.owed.delete(pdu.sequence_number); else this.owed.set(pdu.sequence_number, owed - 1);
    });
    session.on('generic_nack', (pdu) => {
      const status = this.nacks.get(pdu.sequence_number);
      if (session !== this.session) return;
      if (status === undefined) return bad(this.name, `a generic_nack of ${pdu.sequence_number}: ${pdu.command_status}`);
      if (status && status !== pdu.command_status) bad(this.name, `a nack with ${pdu.command_status}, not ${status}`);
      this.nacks.delete(pdu.sequence_number);
      count(result.faults, 'nacked');
    });
    session.on('close', () => {
      session.is_closed = true;
      if (this.reader === session || this.sender === session) this.lost();
    });
  }

  bind(session, role, pdu) {
    const is_known = pdu.system_id === plan.system_id && pdu.password === plan.password;
    session.send(pdu.response(is_known ? { system_id: 'centre' } : { command_status: 0x0e }));
    if (!is_known) return bad(this.name, 'a bind with another name or password');
    if ((role === 'transceiver') === this.is_pair) return bad(this.name, `a bind as ${role}`);
    if (role !== 'receiver') this.sender = session;
    if (role !== 'transmitter') this.reader = session;
    if (!this.sender || !this.reader) return;
    // The gateway reads the answers to its two binds in any order.
    const { reader } = this;
    setTimeout(() => {
      if (this.reader !== reader || !this.sender) return;
      this.session = reader;
      this.binds += 1;
      if (this.binds === 1) bound();
    }, this.is_pair ? 200 : 0);
  }

  lost() {
    const { sender, reader } = this;
    this.sender = this.reader = this.session = null;
    if (this.is_pair) {
      setTimeout(() => {
        if (sender && reader && !sender.is_closed) bad(this.name, 'the transmitter has outlived its receiver');
      }, 3000);
    }
    this.owed.clear();
    this.nacks.clear();
    this.handsets.forEach((handset) => handset.cut());
  }

  // Sends a message of a subscriber, perhaps twice.
  deliver(handset, dialog, op, text, twice) {
    if (!this.session) return;
    // Once in a dialog: the same entry with the same number, faster than a person types, is a repeat.
    const is_zero = chance(2) && !this.owed.has(0) && !dialog.had_zero;
    const sequence_number = is_zero ? 0 : this.sequence;
    dialog.had_zero = dialog.had_zero || is_zero;
    if (is_zero) count(result.faults, 'number 0');
    else this.sequence = this.sequence >= 0xffffffff ? 1 : this.sequence + 1;
    const pdu = new smpp.PDU('deliver_sm', {
      sequence_number, service_type: 'USSD', source_addr_ton: 1, source_addr_npi: 1, source_addr: handset.msisdn,
      dest_addr_ton: 0, dest_addr_npi: 1, destination_addr: plan.code, data_coding: 0,
      short_message: Buffer.from(text), ussd_service_op: op, ...this.profile.said(dialog),
    });
    const octets = pdu.toBuffer();
    this.owed.set(sequence_number, (this.owed.get(sequence_number) || 0) + (twice ? 2 : 1));
    this.session.socket.write(twice ? Buffer.concat([octets, octets]) : octets);
    this.delivered += 1;
    if (this.delivered % 97 === 0) this.garbage(octets);
  }

  // Octets that are no PDU, each with a number of its own; a nack must bring it back.
  garbage(octets) {
    const number = 0x70000000 + this.delivered;
    let junk;
    if (chance(50)) {
      junk = Buffer.from(octets.subarray(0, 20 + below(20)));
      junk.writeUInt32BE(junk.length, 0);
      this.nacks.set(number, 0);
    } else {
      junk = Buffer.alloc(16 + below(64), 0x2a);
      junk.writeUInt32BE(junk.length, 0);
      junk.writeUInt32BE(pick([0x00010200, 0x7777, 0x4567]), 4);
      junk.writeUInt32BE(0, 8);
      this.nacks.set(number, smpp.ESME_RINVCMDID);
    }
    junk.writeUInt32BE(number, 12);
    count(result.faults, 'garbage');
    this.session.socket.write(junk);
  }

  submitted(session, pdu) {
    const handset = this.handsets.get(pdu.destination_addr);
    const text = pdu.short_message && (pdu.short_message.message || '');
    const answer = (status) => session.send(pdu.response(status ? { command_status: status } : { message_id: 'm1' }));
    if (!handset) { bad(this.name, `a text for ${pdu.destination_addr}`); return answer(0x0b); }
    if (typeof text !== 'string' || text.length > 182) bad(this.name, `a text of ${text.length} characters`);
    if (chance(1)) { count(result.faults, 'throttled'); return answer(pick([THROTTLED, QUEUE_FULL])); }
    if (pdu.ussd_service_op === NOTIFY) {
      answer(0);
      this.deliver(handset, { id: 0, turn: 0 }, DISPLAYED, '', false);
      return handset.notified(text);
    }
    const is_end = this.profile.is_end(pdu);
    if (!is_end && !this.profile.is_ask(pdu)) return bad(this.name, `operation ${pdu.ussd_service_op} with ${JSON.stringify(pdu.its_session_info)}`);
    const dialog = handset.dialog;
    if (!dialog || dialog.id !== this.profile.id_of(pdu) || dialog.is_over) {
      // It crossed an abort, or answers what the handset has left behind.
      if (!handset.has_left) bad(handset.msisdn, `a text for no dialog: ${text}`);
      return answer(REFUSED);
    }
    if (chance(1)) {
      count(result.faults, 'refused');
      answer(REFUSED);
      return handset.over('refused');
    }
    if (chance(1)) {
      count(result.faults, 'unanswered');
      dialog.unanswered = true;
    } else {
      dialog.unanswered = false;
      answer(0);
    }
    handset.shown(text, is_end);
  }

  // In the middle of everything, and of a PDU.
  maybe_cut() {
    const { session } = this;
    if (!(this.begun >= this.cuts[0]) || !session) return;
    this.cuts.shift();
    count(result.faults, 'cut');
    session.socket.write(Buffer.from([0, 0, 0, 80, 0, 0, 0, 5, 0, 0]));
    this.lost();
    setTimeout(() => session.socket.destroy(), 5);
  }
}

class Handset {
  constructor(link, { msisdn, terminal, pin, wrong }) {
    Object.assign(this, { link, msisdn, terminal, pin, wrong });
    this.left = plan.dialogs;
    this.number = below(60000);
    this.dialog = null;
    // Whether texts of a dialog that it has left may still come.
    this.has_left = false;
    // References of receipts that it saw.
    this.receipts = new Set();
  }

  begin() {
    if (!this.left) return finished();
    this.link.maybe_cut();
    if (!this.link.session) return setTimeout(() => this.begin(), 200);
    this.link.begun += 1;
    this.left -= 1;
    result.dialogs += 1;
    open += 1;
    result.most = Math.max(result.most, open);
    const kind = pick(['voucher', 'voucher', 'top-up', 'top-up', 'short', 'quick', 'balance']);
    const fault = chance(30) ? pick(['abort', 'abort-behind', 'drop', 'drop-behind', 'twice', 'twice', 'twice']) : null;
    const number = (this.number += 1);
    const amount = 100 * (1 + below(20));
    this.dialog = { id: this.link.profile.id(number), turn: 1, kind, fault, at: below(8), step: 0, amount, text: '', sale: null, is_over: false };
    const account = `07${10000000 + below(89999999)}`;
    const short = `*${plan.code}*1*20*${account}*${amount / 100}`;
    if (kind === 'quick') {
      this.type(this.pin);
      this.confirm(amount);
      this.say(BEGIN, `${short}*${this.pin}#`);
    } else {
      this.say(BEGIN, kind === 'short' ? `${short}#` : `*${plan.code}#`);
    }
  }

  type(pin) { typed.add(pin); return pin; }

  confirm(amount) {
    const sale = { msisdn: this.msisdn, terminal: this.terminal, amount };
    result.confirmed.push(sale);
    this.dialog.sale = sale;
  }

  // Says something, unless this is the step at which something else happens.
  say(op, text) {
    const dialog = this.dialog;
    const fault = dialog.step === dialog.at ? dialog.fault : null;
    dialog.step += 1;
    dialog.text = '';
    if (fault) count(result.faults, `${fault} at ${dialog.step}`);
    if (fault === 'drop' && op !== BEGIN) return this.over('dropped', 300);
    if (fault === 'abort' && op !== BEGIN) {
      this.link.deliver(this, dialog, ABORT, '', false);
      return this.over('aborted');
    }
    this.link.deliver(this, dialog, op, text, fault === 'twice');
    if (fault === 'drop-behind') return this.over('dropped', 300);
    if (fault === 'abort-behind') {
      this.link.deliver(this, dialog, ABORT, '', false);
      return this.over('aborted');
    }
    dialog.timer = setTimeout(() => {
      // The same entry again, before the centre has taken the screen, counts as delivered twice.
      if (dialog.unanswered) return this.over('silence after no answer');
      bad(this.msisdn, `nothing came within ${STEP_MS_MAX} ms after step ${dialog.step} of ${dialog.kind} (${fault})`);
      this.over('silence');
    }, STEP_MS_MAX);
    dialog.waits = true;
  }

  shown(text, is_end) {
    const dialog = this.dialog;
    clearTimeout(dialog.timer);
    if (!dialog.waits) bad(this.msisdn, `a second text for one input (${dialog.fault}): ${text}`);
    dialog.waits = false;
    dialog.text += `${text.replace(/\n98 More$/, '')}\n`;
    this.receipt(dialog.text, dialog.sale);
    if (is_end) return this.over('done');
    const think = setTimeout(() => { if (this.dialog === dialog && !dialog.is_over) this.reply(text); }, 20 + below(plan.think_ms));
    dialog.think = think;
  }

  // Keeps what an approved sale says; a handset may see it more than once, but not for two sales.
  receipt(text, sale) {
    const rrn = /^RRN (\w+)$/m.exec(text);
    const amount = /^Amount (\d+)\.(\d\d) EUR$/m.exec(text);
    if (!rrn || !amount || !/^Sold: /m.test(text)) return;
    const minor = Number(amount[1]) * 100 + Number(amount[2]);
    const is_seen = this.receipts.has(rrn[1]);
    if (sale && !sale.rrn) {
      if (is_seen) bad(this.msisdn, `receipt ${rrn[1]} is of an earlier sale, and another was confirmed`);
      sale.rrn = rrn[1];
    }
    if (is_seen) return;
    this.receipts.add(rrn[1]);
    result.seen.push({ rrn: rrn[1], msisdn: this.msisdn, terminal: this.terminal, amount: minor });
  }

  notified(text) {
    count(result.faults, 'notified');
    this.receipt(text, null);
  }

  reply(text) {
    const dialog = this.dialog;
    const whole = dialog.text;
    const lines = text.split('\n').map((line) => /^([1-9]) (.*)$/.exec(line)).filter(Boolean);
    const input = (entry) => this.say(INPUT, entry);
    const more = () => {
      const kept = dialog.text;
      input('98');
      if (!dialog.is_over) dialog.text = kept;
    };
    if (/^Sold: /m.test(whole) || /^RRN /m.test(whole)) return more();
    const asked = /^Amount (\d+)\.(\d\d) EUR$/m.exec(whole);
    const amount = asked && Number(asked[1]) * 100 + Number(asked[2]);
    if (/Enter your PIN to confirm$/m.test(text)) {
      if (dialog.kind !== 'short' || amount !== dialog.amount) bad(this.msisdn, `it was asked for ${amount} of ${dialog.amount}`);
      this.type(this.pin);
      this.confirm(amount);
      return input(this.pin);
    }
    if (/Enter your PIN$/m.test(text)) {
      if (this.wrong) {
        const wrong = this.type(this.wrong);
        this.wrong = null;
        return input(wrong);
      }
      return input(this.type(this.pin));
    }
    if (/^1 Confirm$/m.test(text)) {
      if (amount === null) bad(this.msisdn, `a confirmation without an amount: ${whole}`);
      this.confirm(amount);
      return input('1');
    }
    // The next page is of the same text.
    if (/^98 More$/m.test(text) && !lines.length) return more();
    if (dialog.sale || (dialog.kind === 'balance' && /^Balance /m.test(whole))) return this.hang_up();
    if (/^Main menu$/m.test(text)) {
      const want = { voucher: /Vouchers/, balance: /Balance/ }[dialog.kind] || /Top-up/;
      const line = lines.find(([, , name]) => want.test(name));
      if (line) return input(line[1]);
      if (/^98 More$/m.test(text)) return input('98');
      return bad(this.msisdn, `no ${want} in ${text}`);
    }
    if (/^Amount in EUR/m.test(text)) return input(String(dialog.amount / 100));
    if (/:\n0 Back$/.test(text)) return input(`07${10000000 + below(89999999)}`);
    if (lines.length) return input(pick(lines)[1]);
    bad(this.msisdn, `what is that? ${text}`);
    this.hang_up();
  }

  hang_up() {
    this.link.deliver(this, this.dialog, ABORT, '', false);
    this.over('hung up');
  }

  over(why, pause) {
    const dialog = this.dialog;
    if (!dialog || dialog.is_over) return;
    clearTimeout(dialog.timer);
    clearTimeout(dialog.think);
    dialog.is_over = true;
    open -= 1;
    this.has_left = why !== 'done';
    count(result.ends, why);
    if (why === 'done' && dialog.sale && !/^(RRN|In progress|Not sold|Out of stock|Declined|The provider|No answer|Unknown number|Not available|Your balance)/m.test(dialog.text)) {
      bad(this.msisdn, `a sale ended with: ${dialog.text}`);
    }
    setTimeout(() => this.begin(), (pause || 100) + below(plan.pause_ms));
  }

  cut() { if (this.dialog && !this.dialog.is_over) this.over('cut', 500); }
}

let waiting = plan.links.length, unfinished = 0, links;
function bound() {
  if (--waiting) return;
  links.forEach((link) => link.handsets.forEach((handset) => {
    unfinished += 1;
    setTimeout(() => handset.begin(), below(1000));
  }));
}
function finished() {
  if (--unfinished) return;
  // Receipts that are sent after their dialogs may still come.
  setTimeout(() => {
    links.forEach((link) => {
      if (link.owed.size) bad(link.name, `${link.owed.size} deliver_sm without an answer`);
      if (link.nacks.size) bad(link.name, `${link.nacks.size} times garbage without a nack`);
      if (link.binds < 3) bad(link.name, `bound ${link.binds} times, and cut twice`);
      result.links[link.name] = { binds: link.binds, delivered: link.delivered };
    });
    result.typed = [...typed];
    fs.writeFileSync(resultFile, JSON.stringify(result));
    process.exit(0);
  }, plan.after_ms);
}

links = plan.links.map((spec) => new Link(spec));
Promise.all(links.map((link) => new Promise((done) => link.server.listen(0, '127.0.0.1', done)))).then(() => {
  console.log(JSON.stringify(Object.fromEntries(links.map((link) => [link.name, link.server.address().port]))));
});
