//! The body of a hook, within bounds.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// The largest body that is taken, in bytes.
pub(crate) const LARGEST: usize = 3 * 1024 * 1024;
/// How long the sender may take for it.
pub(crate) const LONGEST_READ: Duration = Duration::from_secs(30);
/// How many bytes of bodies are held at once, of all hooks together.
const ROOM: usize = 2 * LARGEST;
/// How much is set aside for a body before it comes.
const FIRST_ROOM: usize = 16 * 1024;

/// Room for bodies. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Room(Arc<Semaphore>);

/// A body that was read to its end, and the room that it takes.
#[derive(Debug)]
pub(crate) struct Whole {
    pub(crate) bytes: Bytes,
    _room: Option<OwnedSemaphorePermit>,
}

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is larger than [`LARGEST`].
    TooLarge,
    /// The connection broke, or the sender took longer than [`LONGEST_READ`].
    Broken,
    /// Other bodies take all the room there is.
    NoRoom,
}

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ROOM)))
    }
}

impl Room {
    /// Reads a body and keeps it.
    pub(crate) async fn read<B>(&self, body: B) -> Result<Whole, Refusal>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let expected = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        let mut bytes = Vec::with_capacity(expected.min(FIRST_ROOM));
        let mut room: Option<OwnedSemaphorePermit> = None;
        each_part(body, |part| {
            let more = Arc::clone(&self.0).try_acquire_many_owned(count(part));
            let more = more.map_err(|_| Refusal::NoRoom)?;
            match &mut room {
                Some(room) => room.merge(more),
                None => room = Some(more),
            }
            bytes.extend_from_slice(part);
            Ok(())
        })
        .await?;
        Ok(Whole {
            bytes: bytes.into(),
            _room: room,
        })
    }
}

/// Reads a body that nobody needs: a sender that is answered earlier may not see the answer.
pub(crate) async fn skip<B>(body: B) -> Result<(), Refusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    each_part(body, |_| Ok(())).await
}

async fn each_part<B>(
    mut body: B,
    mut take: impl FnMut(&Bytes) -> Result<(), Refusal>,
) -> Result<(), Refusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    if body.is_end_stream() {
        return Ok(());
    }
    if body.size_hint().lower() > LARGEST as u64 {
        return Err(Refusal::TooLarge);
    }
    let reading = async {
        let mut length = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Refusal::Broken)?;
            let Some(part) = frame.data_ref() else {
                continue;
            };
            length += part.len();
            if length > LARGEST {
                return Err(Refusal::TooLarge);
            }
            take(part)?;
        }
        Ok(())
    };
    timeout(LONGEST_READ, reading)
        .await
        .unwrap_or(Err(Refusal::Broken))
}

fn count(part: &Bytes) -> u32 {
    u32::try_from(part.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use http_body::Frame;
    use http_body_util::{Full, StreamBody};

    use super::*;

    /// A body of unknown length in parts.
    fn parts(lengths: &[usize]) -> impl Body<Data = Bytes, Error = std::io::Error> + Unpin {
        let frames: Vec<_> = lengths
            .iter()
            .map(|length| Ok(Frame::data(Bytes::from(vec![b'x'; *length]))))
            .collect();
        StreamBody::new(stream::iter(frames))
    }

    #[tokio::test]
    async fn a_body_of_the_largest_size_is_taken() {
        let whole = Room::default()
            .read(parts(&[1, LARGEST - 1]))
            .await
            .unwrap();
        assert_eq!(whole.bytes.len(), LARGEST);
        assert_eq!(Room::default().read(parts(&[])).await.unwrap().bytes, "");
    }

    #[tokio::test]
    async fn one_byte_more_is_not() {
        let room = Room::default();
        let said = Full::new(Bytes::from(vec![0; LARGEST + 1]));
        assert_eq!(
            room.read(said.clone()).await.unwrap_err(),
            Refusal::TooLarge
        );
        assert_eq!(skip(said).await, Err(Refusal::TooLarge));
        let unsaid = || parts(&[LARGEST, 1]);
        assert_eq!(room.read(unsaid()).await.unwrap_err(), Refusal::TooLarge);
        assert_eq!(skip(unsaid()).await, Err(Refusal::TooLarge));
        assert_eq!(room.0.available_permits(), ROOM);
    }

    #[tokio::test]
    async fn the_room_of_all_bodies_together_is_bounded() {
        let room = Room::default();
        let first = room.read(parts(&[LARGEST])).await.unwrap();
        let second = room.read(parts(&[LARGEST])).await.unwrap();
        assert_eq!(room.read(parts(&[1])).await.unwrap_err(), Refusal::NoRoom);
        drop(first);
        room.read(parts(&[1])).await.unwrap();
        drop(second);
    }

    #[tokio::test(start_paused = true)]
    async fn a_sender_that_takes_too_long_is_given_up() {
        let never = StreamBody::new(stream::pending::<Result<Frame<Bytes>, std::io::Error>>());
        assert_eq!(skip(never).await, Err(Refusal::Broken));
    }
}
