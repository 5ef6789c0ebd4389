use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use cl_data::DataError;
use cl_data::io::{Batch, TableReader};

/// Batches of a part that may wait to be taken.
const WAITING: usize = 4;

/// Calls `each` with the batches of a table in order, each after `prepare`, which several threads do ahead; each batch with
/// the number of its part.
pub(super) fn for_each_batch<T: Send, E: From<DataError>>(
    table: &TableReader,
    columns: &[usize],
    parts: &[usize],
    prepare: impl Fn(Batch) -> Result<T, DataError> + Sync,
    mut each: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let n_threads = thread::available_parallelism().map_or(1, usize::from).min(parts.len()).max(1);
    thread::scope(|scope| {
        let (senders, receivers): (Vec<_>, Vec<_>) = parts.iter().map(|_| sync_channel(WAITING)).unzip();
        let mut senders: Vec<Option<SyncSender<Result<T, DataError>>>> = senders.into_iter().map(Some).collect();
        for worker in 0..n_threads {
            // Every so many parts, in order: whoever is waited for is never waiting for another.
            let own: Vec<_> =
                (worker..parts.len()).step_by(n_threads).map(|k| (parts[k], senders[k].take())).collect();
            let prepare = &prepare;
            scope.spawn(move || {
                for (part, sender) in own {
                    let Some(sender) = sender else { continue };
                    let read = || -> Result<bool, DataError> {
                        let mut rows = table.rows_of_part(part, columns)?;
                        while let Some(batch) = rows.next_batch()? {
                            if sender.send(prepare(batch)).is_err() {
                                return Ok(false);
                            }
                        }
                        Ok(true)
                    };
                    match read() {
                        Ok(true) => {}
                        // Nobody listens any more.
                        Ok(false) => return,
                        Err(error) => {
                            let _ = sender.send(Err(error));
                            return;
                        }
                    }
                }
            });
        }
        let receivers: Vec<Receiver<Result<T, DataError>>> = receivers;
        for receiver in receivers {
            while let Ok(batch) = receiver.recv() {
                each(batch?)?;
            }
        }
        Ok(())
    })
}
