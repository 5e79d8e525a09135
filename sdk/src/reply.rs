//! A reply that is written while the call goes on.

use std::io;

use crate::extract::Extract;
use crate::{Call, Request, Result, sys};

/// The right to stream this call's reply. Take it as a parameter of a handler that returns `Result<Streamed>`:
///
/// ```
/// use wharf_sdk::prelude::*;
///
/// #[get("/count")]
/// fn count(reply: Reply) -> Result<Streamed> {
///     let writer = reply.start(200, &[("content-type", "text/plain")])?;
///     for n in 1..=3 {
///         writer.write(format!("{n}\n").as_bytes())?;
///     }
///     writer.finish()
/// }
/// # fn main() {}
/// ```
#[derive(Debug)]
pub struct Reply<'a>(Call<'a>);

impl Reply<'_> {
    /// Sends the head at once. From here on an error cannot be answered any more: when the handler fails, the host cuts the
    /// connection, so that the caller sees a broken reply and not a short one.
    ///
    /// A handler that also reads the request's body does well to read its first piece before. A client that asked whether to send
    /// its body (`Expect: 100-continue`, as curl does with one of more than 1 MiB) is told to by the first read; once a reply has
    /// started it is told nothing more, and mostly waits a second before it sends all the same.
    ///
    /// ```
    /// use wharf_sdk::prelude::*;
    ///
    /// #[post("/copy")]
    /// fn copy(mut body: Body, reply: Reply) -> Result<Streamed> {
    ///     let mut piece = body.read(64 << 10)?;
    ///     let writer = reply.start(200, &[])?;
    ///     while let Some(bytes) = piece {
    ///         writer.write(&bytes)?;
    ///         piece = body.read(64 << 10)?;
    ///     }
    ///     writer.finish()
    /// }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// `reply.invalid` (a status or header that is not HTTP), `reply.gone` (the caller left), `reply.started` (a second time).
    pub fn start(self, status: u16, headers: &[(&str, &str)]) -> Result<Writer> {
        let headers = headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.as_bytes().to_vec())).collect();
        Ok(Writer(self.0.0.start_reply(status, headers)?))
    }
}

impl<'a> Extract<'a> for Reply<'a> {
    fn extract(request: &mut Request<'a>) -> Result<Self> {
        Ok(Self(request.call()))
    }
}

/// The body of a streamed reply; also a [`std::io::Write`]. Dropped without [`Writer::finish`] it cuts the connection.
#[derive(Debug)]
#[must_use = "a writer that is dropped without `finish` cuts the connection"]
pub struct Writer(sys::Writer);

impl Writer {
    /// Writes on. Blocks while the caller is slower than the plugin; pieces of 16–64 KiB go fastest, and one has at most
    /// 2 MiB, like a response that is returned.
    ///
    /// # Errors
    /// `reply.gone` (the caller left), `reply.too-large` (over the route's limit).
    pub fn write(&self, bytes: &[u8]) -> Result<()> {
        Ok(self.0.write(bytes)?)
    }

    /// Ends the reply. The handler returns what this gives.
    ///
    /// # Errors
    /// `reply.gone` (the caller left).
    pub fn finish(self) -> Result<Streamed> {
        self.0.finish()?;
        Ok(Streamed(()))
    }
}

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Writer::write(self, bytes)?;
        Ok(bytes.len())
    }

    /// Nothing is held back in the plugin.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The proof that the call was answered through a [`Writer`]: only [`Writer::finish`] makes one, so a handler that returns
/// `Result<Streamed>` cannot forget to.
#[derive(Debug)]
pub struct Streamed(());
