use std::net::{TcpListener, TcpStream as Plain};

use super::*;

fn session(slot: u32) -> SessionId {
    SessionId { reactor: 0, slot, generation: 1 }
}

/// A connection in this slot, and the peer's end of it.
fn connect(connections: &mut Connections, slot: u32) -> Plain {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = Plain::connect(listener.local_addr().unwrap()).unwrap();
    let (stream, _) = listener.accept().unwrap();
    stream.set_nonblocking(true).unwrap();
    connections.insert(session(slot), TcpStream::from_std(stream));
    peer
}

#[test]
fn a_paused_session_is_not_read_however_much_comes_and_others_are() {
    let mut connections = Connections::new(4_096);
    let mut flooding = connect(&mut connections, 0);
    let mut honest = connect(&mut connections, 1);
    connections.pause(session(0));
    for _ in 0..1_000 {
        flooding.write_all(b"flood").unwrap();
        connections.on_readable(session(0), false);
    }
    assert_eq!(connections.ready(), 0, "a turn has nothing to do for it");
    honest.write_all(b"sale").unwrap();
    connections.on_readable(session(1), false);
    assert_eq!((connections.ready(), connections.next_ready()), (1, Some(session(1))));
    assert_eq!(connections.next_ready(), None);
    connections.resume(session(0));
    assert_eq!(connections.next_ready(), Some(session(0)), "what came meanwhile is not lost");
    assert_eq!(connections.read(session(0), &mut [0; 64]), Taken::Bytes(64));
}
