//! What an HTTP answer means for a delivery (exchange.md, retry).

use super::http::Reply;
use crate::message::{AttemptOutcome, FaultOf, ReceiptCode};

/// Judges a reply. `receipt` is what the body said, if it was a receipt for this very message.
pub fn judge(reply: &Reply, receipt: Option<ReceiptCode>) -> AttemptOutcome {
    let failed = |reason: String, wait| AttemptOutcome::Failed { reason: reason.into(), wait };
    match reply {
        Reply::Judged(outcome) => outcome.clone(),
        Reply::Acknowledged { receipt, .. } => AttemptOutcome::Sent { receipt: Some(*receipt) },
        Reply::Unreachable(reason) => failed((*reason).to_owned(), None),
        Reply::Answer { status, retry_after, .. } => match (status, receipt) {
            // A temporary answer is not the last word, whatever its status.
            (_, Some(ReceiptCode::TransientError)) => {
                failed("transient-error".to_owned(), *retry_after)
            }
            (200..300, receipt) => AttemptOutcome::Sent { receipt },
            // A receiver that refuses with its status and says so in its receipt has taken the message.
            (_, Some(ReceiptCode::FatalError)) => AttemptOutcome::Sent { receipt },
            (408 | 425 | 429 | 500.., _) => failed(format!("http-{status}"), *retry_after),
            _ => AttemptOutcome::Final {
                reason: format!("http-{status}").into(),
                fault: FaultOf::Receiver,
            },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn reply(status: u16) -> Reply {
        Reply::Answer { status, retry_after: Some(7), content_type: None, body: Bytes::new() }
    }

    #[test]
    fn by_status_and_receipt() {
        let code = |outcome| match outcome {
            AttemptOutcome::Sent { receipt } => format!("sent {receipt:?}"),
            AttemptOutcome::Failed { reason, wait } => format!("failed {reason} {wait:?}"),
            AttemptOutcome::Final { reason, .. } => format!("final {reason}"),
        };
        let cases = [
            (200, None, "sent None"),
            (202, Some(ReceiptCode::Ok), "sent Some(Ok)"),
            (200, Some(ReceiptCode::FatalError), "sent Some(FatalError)"),
            (422, Some(ReceiptCode::FatalError), "sent Some(FatalError)"),
            (200, Some(ReceiptCode::TransientError), "failed transient-error Some(7)"),
            (503, None, "failed http-503 Some(7)"),
            (408, None, "failed http-408 Some(7)"),
            (425, None, "failed http-425 Some(7)"),
            (429, None, "failed http-429 Some(7)"),
            (500, None, "failed http-500 Some(7)"),
            (400, None, "final http-400"),
            (301, None, "final http-301"),
            (404, None, "final http-404"),
        ];
        for (status, receipt, expected) in cases {
            assert_eq!(code(judge(&reply(status), receipt)), expected, "{status}");
        }
        assert_eq!(code(judge(&Reply::Unreachable("timeout"), None)), "failed timeout None");
    }
}
