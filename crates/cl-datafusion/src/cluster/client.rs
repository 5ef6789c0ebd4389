use ballista::prelude::{SessionConfigExt, SessionContextExt};
use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::error::EngineError;
use crate::register;

/// A query that needs a function of each kind.
const PROBE: &str = "SELECT sum(order_code(score)) FROM (SELECT forgetting(epoch, correct) AS score FROM (VALUES \
                     (0, 0, true), (0, 1, false)) AS log (id, epoch, correct) GROUP BY id)";

/// A session whose queries run on the cluster of this scheduler, `HOST:PORT`, in so many partitions; once an executor has
/// shown that it knows the functions of this crate.
///
/// Tables are read by scheduler and executors: files must lie under the same path for all of them, or in an object store.
///
/// # Errors
/// Where no scheduler answers; where no executor takes the functions of this crate.
pub async fn connect(scheduler: &str, partitions: Option<usize>) -> Result<SessionContext, EngineError> {
    let silent = |error: &dyn std::fmt::Display| {
        let value = format!("{scheduler}, which does not answer: {error}");
        EngineError::argument("scheduler", value, "HOST:PORT of a curriculum-scheduler that runs")
    };
    std::net::TcpStream::connect(scheduler).map_err(|error| silent(&error))?;
    let mut config = SessionConfig::new_with_ballista();
    if let Some(partitions) = partitions {
        if partitions == 0 {
            return Err(EngineError::argument("partitions", partitions, "at least 1"));
        }
        config = config.with_target_partitions(partitions);
    }
    let state = SessionStateBuilder::new().with_default_features().with_config(config).build();
    let address = format!("df://{scheduler}");
    let context = SessionContext::remote_with_state(&address, state).await.map_err(|error| silent(&error))?;
    register(&context)?;
    match context.sql(PROBE).await?.collect().await {
        Ok(_) => Ok(context),
        Err(error) => {
            let value = format!("{scheduler}, whose executors do not run the functions: {error}");
            let version = env!("CARGO_PKG_VERSION");
            let expected = format!("executors that are curriculum-executor {version}, at least one");
            Err(EngineError::argument("scheduler", value, expected))
        }
    }
}
