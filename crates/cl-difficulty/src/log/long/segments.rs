use std::io;

use super::row_index::{Reader, RowNumbers, Writer};

/// Rows of one run and epoch, so many one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) slot: u32,
    pub(super) n: u32,
}

/// The segments of all rows, in order: few where the rows come epoch after epoch, one per row where they come example after
/// example.
pub(super) struct Segments(RowNumbers);

/// While they are written.
pub(super) struct SegmentWriter {
    writer: Writer,
    last: Option<Segment>,
}

impl SegmentWriter {
    pub(super) fn new() -> Self {
        Self { writer: RowNumbers::writer(), last: None }
    }

    /// One more row, or several.
    pub(super) fn push(&mut self, segment: Segment) -> io::Result<()> {
        if let Some(last) = &mut self.last
            && last.slot == segment.slot
            && let Some(n) = last.n.checked_add(segment.n)
        {
            last.n = n;
            return Ok(());
        }
        match self.last.replace(segment) {
            Some(Segment { slot, n }) => self.writer.push(&[slot, n]),
            None => Ok(()),
        }
    }

    pub(super) fn finish(mut self) -> io::Result<Segments> {
        if let Some(Segment { slot, n }) = self.last {
            self.writer.push(&[slot, n])?;
        }
        self.writer.finish().map(Segments)
    }
}

impl Segments {
    pub(super) fn iter(&mut self) -> io::Result<SegmentIter<'_>> {
        Ok(SegmentIter { reader: self.0.reader()?, numbers: Vec::new(), at: 0 })
    }

    /// The slots of the rows, one after the other.
    pub(super) fn rows(&mut self) -> io::Result<RowSlots<'_>> {
        Ok(RowSlots { segments: self.iter()?, segment: Segment { slot: 0, n: 0 } })
    }
}

pub(super) struct SegmentIter<'a> {
    reader: Reader<'a>,
    numbers: Vec<u32>,
    at: usize,
}

impl SegmentIter<'_> {
    pub(super) fn next(&mut self) -> io::Result<Option<Segment>> {
        if self.at >= self.numbers.len() {
            self.reader.next(1 << 16, &mut self.numbers)?;
            self.at = 0;
        }
        let segment = self.numbers.get(self.at..self.at + 2).map(|pair| Segment { slot: pair[0], n: pair[1] });
        self.at += 2;
        Ok(segment)
    }
}

pub(super) struct RowSlots<'a> {
    segments: SegmentIter<'a>,
    /// The segment under way, and how many of its rows are left.
    segment: Segment,
}

impl RowSlots<'_> {
    /// The slot of the next row.
    #[inline]
    pub(super) fn next(&mut self) -> io::Result<u32> {
        while self.segment.n == 0 {
            self.segment = self.segments.next()?.ok_or(io::ErrorKind::UnexpectedEof)?;
        }
        self.segment.n -= 1;
        Ok(self.segment.slot)
    }

    /// The slot of the next rows, and how many of the next `n` rows have it.
    pub(super) fn next_run(&mut self, n: usize) -> io::Result<(u32, usize)> {
        let slot = self.next()?;
        let more = (n - 1).min(self.segment.n as usize);
        self.segment.n -= more as u32;
        Ok((slot, 1 + more))
    }
}
