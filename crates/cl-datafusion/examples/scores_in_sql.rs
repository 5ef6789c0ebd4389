//! Scores of a log in SQL, and the hardest half of the examples by one of them.

use cl_datafusion::{EngineOptions, PruneColumns, prune};
use cl_prune::{Budget, RuleSettings};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let context = EngineOptions::default().session()?;
    let scores = context
        .sql(
            "SELECT id, label, el2n(epoch, z0, z1, label) AS el2n, aum(epoch, z0, z1, label) AS aum, \
             forgetting(epoch, z0, z1, label) AS forgetting \
             FROM (VALUES (7, 0, 2.0, 1.0, 0), (7, 1, 2.5, 0.5, 0), (8, 0, 0.0, 0.5, 0), (8, 1, 0.5, 0.0, 0), \
             (9, 0, 1.0, 0.5, 1), (9, 1, 1.5, 0.0, 1)) AS log (id, epoch, z0, z1, label) GROUP BY id, label ORDER BY id",
        )
        .await?;
    println!("{}", scores.clone().to_string().await?);
    let columns = PruneColumns {
        id: "id".into(),
        score: "el2n".into(),
        higher_is_harder: true,
        label: Some("label".into()),
    };
    let rule = RuleSettings::parse("hardest", &[("balance", "equal")])?;
    let pruned = prune(&scores, &columns, &rule, Budget::Count(2), 0).await?;
    println!("{}", pruned.frame.to_string().await?);
    Ok(())
}
