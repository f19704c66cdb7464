//! Every record comes back as it was written, and any damage to its row is seen.

use tillgate_store_conformance::network::{
    TODAY, TOP_UPS, VOUCHERS, distributor, load, sealed, seller, service, terminal, voucher,
};
use tillgate_store_conformance::world::key;
use tillgate_store_core::{
    Account, AccountCheck, AccountField, AccountForm, AccountId, AccountKind, AccountRow,
    AmountSource, Audit, Batch, BatchOf, BridgeOrder, BridgeStatus, BridgeTag, BusinessDate, Card,
    ChargeBase, ChargeKind, ChargeRule, ChipAnswer, Counter, Dispensed, DistributorId, DueFollowUp,
    Family, FollowUp, Fulfilment, Funding, Handset, Head, Hours, KeyError, Kind, Language, Leg,
    Legs, Lookup, MoneyFlow, Msisdn, PinHash, PinTries, ProductId, ReceiptTag, ReceiptTemplate,
    Record, Refund, RegistryRecord, Reprint, ResponseCode, ReversalRule, Rounding, Route,
    RouteRule, SaleTerms, SellerId, Serial, ServiceId, Services, Settlement, Shelf, State, Status,
    StockLevel, StoreError, StoreId, TerminalId, Text, Totals, Transaction, Velocity, Voucher,
    VoucherBatch, VoucherOf, Withdrawn,
};

/// Round trip, every prefix, every flipped bit, and the row under another key.
fn holds<R: Record + PartialEq + std::fmt::Debug>(record: &R) {
    let (row_key, mut value) = (record.key(), Vec::new());
    record.encode(&mut value);
    assert_eq!(R::decode(&row_key, &value).as_ref(), Ok(record));
    let damaged = |key: &[u8], value: &[u8]| {
        let error = R::decode(key, value).expect_err("damage is seen");
        let StoreError::Damaged { family, key: named, .. } = error else {
            panic!("not called damaged but {error}");
        };
        assert_eq!((family, &named[..]), (R::FAMILY, key), "the row is named");
    };
    for end in 0..value.len() {
        damaged(&row_key, &value[..end]);
    }
    for bit in 0..value.len() * 8 {
        value[bit / 8] ^= 1 << (bit % 8);
        damaged(&row_key, &value);
        value[bit / 8] ^= 1 << (bit % 8);
    }
    let mut elsewhere = row_key.to_vec();
    *elsewhere.last_mut().expect("keys are not empty") ^= 1;
    damaged(&elsewhere, &value);
    value.push(0);
    damaged(&row_key, &value);
}

fn legs() -> Legs {
    let leg = |kind, amount_minor| Leg {
        account: AccountId { kind, owner: 7, currency: 978 },
        amount_minor,
    };
    AccountKind::ALL.into_iter().zip([-9, 4, 3, 2, i64::MIN]).map(|(k, a)| leg(k, a)).collect()
}

fn transaction() -> Transaction {
    Transaction {
        key: key(3, 999_999),
        seq: 77,
        kind: Kind::Sale(Fulfilment::Stock),
        state: State::Approved,
        digest: [5; 16],
        seller: SellerId(2),
        service: VOUCHERS,
        product: ProductId(1),
        amount_minor: 1_000,
        currency: 978,
        subscriber: Text::from("+4915550100").expect("short enough"),
        code: ResponseCode::APPROVED,
        at_ms: 1,
        finished_ms: 2,
        provider_reference: Text::from("an-ünusual reference").expect("short enough"),
        balance_minor: Some(-4),
        voucher: Some(Dispensed {
            serial: Text::from("S-1").expect("short enough"),
            expiry: TODAY,
            pin: sealed(1),
        }),
        legs: legs(),
        confirmed_ms: 3,
        original: Some(key(1, 1)),
        reversed_by: Some(key(1, 2)),
        bridge: BridgeTag::of("telco"),
        due: Some(DueFollowUp { what: FollowUp::Advice, since_ms: 4 }),
        settlement: Some(Box::new(Settlement {
            date: TODAY,
            currency: 978,
            claimed: Totals {
                sales_count: 1,
                sales_minor: u64::MAX,
                reversals_count: 2,
                reversals_minor: 3,
            },
            counted: Totals::default(),
            open_count: u32::MAX,
        })),
        day: BusinessDate(TODAY.0 + 1),
        reason: 3,
        reprints: 7,
        refund: Some(Box::new(Refund {
            proposer: "ann".to_owned(),
            reference: Text::from("VOID-1").expect("short enough"),
            at_ms: u64::MAX,
            approver: "bob".to_owned(),
        })),
        other_reference: Text::from("another").expect("short enough"),
        tried: [BridgeTag::of("first"), BridgeTag::of("second")].into_iter().collect(),
        chip: ChipAnswer::new(&[0x91, 2, 0xca, 0xfe]),
        terms: SaleTerms {
            distributor: DistributorId(u32::MAX),
            fee_minor: u64::MAX / 2,
            tax_minor: 7,
            reversal: ReversalRule::Within(3_600),
            receipt: ReceiptTag(9),
            lookup: Text::from("bill 2026/11").unwrap(),
            masked: true,
        },
    }
}

#[test]
fn every_record_of_money_and_stock_round_trips_and_shows_damage() {
    let full = transaction();
    holds(&full);
    holds(&Transaction {
        kind: Kind::Tombstone,
        state: State::Unknown,
        subscriber: Text::new(),
        balance_minor: None,
        voucher: None,
        legs: Legs::new(),
        original: None,
        reversed_by: None,
        bridge: BridgeTag::NONE,
        due: None,
        settlement: None,
        refund: None,
        ..full
    });
    for kind in AccountKind::ALL {
        let id = AccountId { kind, owner: u32::MAX, currency: 840 };
        let account = Account { posted_minor: i64::MIN, reserved_minor: 1, floor_minor: -1 };
        holds(&AccountRow { id, account });
    }
    holds(&Funding { legs: legs(), ..load("deposit 2026-03-01 #1", 2, -5) });
    let stocked: Voucher = voucher(ProductId(2), 9, TODAY);
    holds(&Serial {
        service: stocked.service,
        product: stocked.product,
        serial: stocked.serial,
        batch_no: u64::MAX,
    });
    holds(&stocked);
    let of = (Text::from("S-1").expect("short"), VOUCHERS);
    holds(&Card { of, product: ProductId(1) });
    let of = Shelf { service: VOUCHERS, product: ProductId(1), expiry: TODAY };
    holds(&StockLevel { of, loaded: u64::MAX, sold: 3, withdrawn: 4 });
    let serial = Text::from("S-1").expect("short");
    let of = BatchOf {
        number: Text::from("B-17").expect("short"),
        service: VOUCHERS,
        product: ProductId(2),
    };
    let (first, last) = (serial, Text::from("S-9").expect("short"));
    holds(&VoucherBatch { of, batch_no: 7, count: 9, face_minor: 250, currency: 840, first, last });
    let of = VoucherOf { service: VOUCHERS, product: ProductId(2), serial };
    holds(&Withdrawn { of, expiry: TODAY, audit_no: u64::MAX });
    holds(&Reprint { of: (transaction().key, 12), at_ms: 5 });
}

#[test]
fn what_a_chip_receives_is_bounded_and_not_shown() {
    assert_eq!(ChipAnswer::new(&[]), None);
    assert_eq!(ChipAnswer::new(&[0x91; 256]), None);
    let longest = ChipAnswer::new(&[0x91; 255]).unwrap();
    assert_eq!(format!("{longest:?}"), "ChipAnswer(255 bytes)");
    holds(&Transaction { chip: Some(longest), ..transaction() });
}

#[test]
fn a_transaction_of_an_older_version_is_read_and_owes_nothing() {
    let key = transaction().key;
    let old = Transaction {
        due: None,
        settlement: None,
        day: key.date,
        reason: 0,
        reprints: 0,
        refund: None,
        other_reference: Text::new(),
        tried: Default::default(),
        chip: None,
        terms: SaleTerms { reversal: transaction().kind.usual_reversal(), ..SaleTerms::default() },
        ..transaction()
    };
    let terms = old.terms;
    let newer = Transaction { terms, tried: Default::default(), chip: None, ..transaction() };
    let recent = Transaction { other_reference: Text::new(), ..newer.clone() };
    let oldest = Transaction { bridge: BridgeTag::NONE, ..old.clone() };
    // Version 7 had no flag of a chip's answer, version 6 no count of bridges before the distributor and a flag. Version 4 ended before
    // those, version 3 before the other reference, version 2 before the day, version 1 before the
    // tag and the two flags.
    let former = [
        (7, newer.clone(), 1),
        (6, newer.clone(), 2),
        (4, newer, 7),
        (3, recent, 8),
        (2, old, 13),
        (1, oldest, 19),
    ];
    for (version, row, missing) in former {
        let (row_key, mut body) = (row.key(), vec![version]);
        row.write(&mut body);
        let ends = if version >= 6 { body.split_off(body.len() - 5) } else { Vec::new() };
        body.truncate(body.len() - missing);
        body.extend_from_slice(&ends);
        sum(Transaction::FAMILY, &row_key, &mut body);
        assert_eq!(Transaction::decode(&row_key, &body), Ok(row));
    }
}

/// Appends the checksum of a row.
fn sum(family: Family, key: &[u8], framed: &mut Vec<u8>) {
    let mut summed = crc32c::crc32c(&[u8::try_from(family.index()).unwrap_or(0)]);
    for part in [key, framed] {
        summed = crc32c::crc32c_append(summed, part);
    }
    framed.extend_from_slice(&summed.to_be_bytes());
}

#[test]
fn a_terminal_and_its_counter_of_version_1_belong_together() {
    let RegistryRecord::Terminal(terminal) = terminal(7, 1) else { unreachable!("it is one") };
    let mut value = vec![1];
    value.extend_from_slice(&1_u32.to_be_bytes());
    value.extend_from_slice(&[0, 0, 0, 1]);
    let sealed = &terminal.newest_key().sealed;
    value.extend_from_slice(&sealed.kek_id.to_be_bytes());
    value.extend_from_slice(&sealed.nonce);
    value.push(u8::try_from(sealed.bytes.len()).unwrap());
    value.extend_from_slice(&sealed.bytes);
    value.push(0);
    let key = Record::key(&terminal);
    sum(Family::Registry, &key, &mut value);
    assert_eq!(
        RegistryRecord::decode(&key, &value),
        Ok(RegistryRecord::Terminal(terminal.clone()))
    );

    let mut value = vec![1];
    value.extend_from_slice(&77_u64.to_be_bytes());
    let key = 7_u32.to_be_bytes();
    sum(Family::Counters, &key, &mut value);
    let counter = Counter::decode(&key, &value).unwrap();
    assert_eq!(counter.high(terminal.newest_key().generation), 77);

    let of = Shelf { service: VOUCHERS, product: ProductId(1), expiry: TODAY };
    let mut value = vec![1];
    [9_u64, 4].iter().for_each(|count| value.extend_from_slice(&count.to_be_bytes()));
    let key = StockLevel::key_of(of);
    sum(Family::Supply, &key, &mut value);
    let before = StockLevel { of, loaded: 9, sold: 4, withdrawn: 0 };
    assert_eq!(StockLevel::decode(&key, &value), Ok(before));
}

#[test]
fn a_terminal_of_version_3_uses_the_sealed_link() {
    let RegistryRecord::Terminal(mut terminal) = terminal(7, 1) else { unreachable!("it is one") };
    let (key, mut value) = (Record::key(&terminal), vec![3]);
    terminal.write(&mut value);
    // Without the length of an empty name.
    value.truncate(value.len() - 2);
    sum(Family::Registry, &key, &mut value);
    let read = RegistryRecord::decode(&key, &value);
    assert_eq!(read, Ok(RegistryRecord::Terminal(terminal.clone())));
    terminal.listener = "pos-a".to_owned();
    holds(&terminal);
}

#[test]
fn keys_overlap_and_none_ever_has_the_generation_of_another() {
    let RegistryRecord::Terminal(mut terminal) = terminal(7, 1) else { unreachable!("it is one") };
    let sealed = terminal.newest_key().sealed.clone();
    assert_eq!(terminal.add_key(1, sealed.clone()), Err(KeyError::Taken));
    assert_eq!(terminal.retire_key(1), Err(KeyError::Last));
    for id in 2..5 {
        terminal.add_key(id, sealed.clone()).unwrap();
    }
    assert_eq!(terminal.add_key(9, sealed.clone()), Err(KeyError::Full));
    assert_eq!(terminal.generations().as_slice(), [0, 1, 2, 3]);
    terminal.retire_key(4).unwrap();
    assert_eq!(terminal.retire_key(4), Err(KeyError::Missing));
    terminal.add_key(4, sealed.clone()).unwrap();
    assert_eq!(terminal.generations().as_slice(), [0, 1, 2, 4], "3 was another key's");
    terminal.reset_counters().unwrap();
    assert_eq!(terminal.generations().as_slice(), [5, 6, 7, 8]);
    holds(&terminal);
    terminal.replace_keys(1, sealed).unwrap();
    assert_eq!(terminal.generations().as_slice(), [9]);
    holds(&terminal);
}

#[test]
fn every_record_of_the_chains_round_trips_and_shows_damage() {
    let mut counter = Counter::new(TerminalId(8));
    holds(&counter);
    for generation in [0, 3, u32::MAX] {
        assert!(counter.raise(generation, u64::MAX, generation == 3));
        holds(&counter);
    }
    assert!(counter.reprint(1_800_000_000_000));
    holds(&counter);
    let head = Head::genesis(StoreId(*b"a store!"));
    holds(&head);
    holds(&Head { batch_no: 1, seq: 2, audit_no: 3, ..head });
    holds(&Batch::link(1, 2, 3, 4, head.hash));
    holds(&Audit::link(1, 2, "operator".to_owned(), "unblocked terminal 8".to_owned(), [0; 32]));
}

fn handset() -> RegistryRecord {
    RegistryRecord::Handset(Handset {
        msisdn: Msisdn::of("255712345678").unwrap(),
        terminal: TerminalId(1),
        status: Status::Blocked,
        revision: 7,
        initial: true,
        pin: Some(PinHash { key: sealed(9), tag: [3; 32] }),
    })
}

#[test]
fn what_is_remembered_of_wrong_pins_round_trips_and_shows_damage() {
    let none = PinTries::none(Msisdn::of("255712345678").unwrap());
    holds(&PinTries { wrong: 3, until_ms: 77, changes: (20_000, 2), ..none });
}

#[test]
fn every_registry_record_round_trips_and_shows_damage() {
    let mut few = terminal(7, 1);
    let mut timed = service(TOP_UPS, Velocity { count_max: 1, window_s: 2, ..Velocity::default() });
    if let (RegistryRecord::Terminal(few), RegistryRecord::Service(timed)) = (&mut few, &mut timed)
    {
        few.services = Services::Only(vec![VOUCHERS, ServiceId(u16::MAX)]);
        timed.hours = Some(Hours { from_min: 360, to_min: 1_320 });
        timed.amount = AmountSource::Lookup;
        timed.lookup = Lookup::Required;
        timed.money = MoneyFlow::Credit;
        timed.reversal = ReversalRule::Within(60);
        timed.account = Some(AccountField {
            label: "Meter".to_owned(),
            length_min: 11,
            length_max: 13,
            picture: "99*".to_owned(),
            check: AccountCheck::Mod97,
            ..AccountField::of(AccountForm::Meter)
        });
        timed.charges.push(ChargeRule {
            kind: ChargeKind::Tax,
            fixed_minor: 5,
            basis_points: 1_600,
            base: ChargeBase::Fee,
            rounding: Rounding::HalfUp,
            from: TODAY,
        });
        timed.receipts.push((Language(*b"sw"), ReceiptTag::of("ASANTE")));
    }
    let vouchers = service(VOUCHERS, Velocity::default());
    let receipt = RegistryRecord::Receipt(ReceiptTemplate::of("ASANTE"));
    let mut morning = RouteRule::to(Text::from("first").unwrap());
    (morning.currency, morning.amount_from_minor, morning.amount_to_minor) = (404, 100, 5_000);
    morning.prefix = Text::from("25471").unwrap();
    morning.distributor = Some(DistributorId(2));
    morning.hours = Some(Hours { from_min: 360, to_min: 720 });
    let any = RouteRule { priority: 2, weight: 7, ..RouteRule::to(Text::from("second").unwrap()) };
    let name = Text::from("airtime").unwrap();
    let route = RegistryRecord::Route(Route { name, rules: vec![morning, any] });
    let (bridge, status) = (Text::from("first").unwrap(), BridgeStatus::Suspended);
    let order =
        RegistryRecord::Bridge(BridgeOrder { bridge, status, reason: "maintenance".to_owned() });
    let tree = [distributor(1, None), distributor(2, Some(1)), seller(1, 2, 5)];
    let more = [terminal(1, 1), few, vouchers, timed, receipt, route, order, handset()];
    for record in tree.into_iter().chain(more) {
        match &record {
            RegistryRecord::Distributor(record) => holds(record),
            RegistryRecord::Seller(record) => holds(record),
            RegistryRecord::Terminal(record) => holds(record),
            RegistryRecord::Service(record) => holds(record),
            RegistryRecord::Receipt(record) => holds(record),
            RegistryRecord::Route(record) => holds(record),
            RegistryRecord::Bridge(record) => holds(record),
            RegistryRecord::Handset(record) => holds(record),
        }
        let mut value = Vec::new();
        record.encode(&mut value);
        assert_eq!(RegistryRecord::decode(&record.key(), &value).as_ref(), Ok(&record));
        assert!(RegistryRecord::decode(b"x", &value).is_err(), "an unknown letter");
    }
}

#[test]
fn references_are_unique_and_readable() {
    let first = transaction();
    let second = Transaction { seq: 78, ..first.clone() };
    assert_eq!(&*first.rrn(), "60600000002D", "2026, day 60, 77 in base 32");
    assert_ne!(first.rrn(), second.rrn());
    let (here, there) = (StoreId(*b"\0\0\0\0\0\0\x01\xAB"), StoreId([1; 8]));
    assert_eq!(&*first.reference(here), "00000000000001ab000000000000004d");
    assert_ne!(first.reference(here), first.reference(there));
    assert_ne!(first.reference(here), second.reference(here));
}
