use super::attend::Heeds;
use super::worker::{Worker, Write};
use super::{Executor, Stepped};
use crate::journal::{State, StepState};
use crate::plan::{Phase, Undo};
use crate::{Action, ChangeError, Plan};

impl Executor {
    /// Takes back, the last first, every step that was begun.
    pub(super) async fn take_back(&self, worker: &mut Worker, plan: &Plan) -> Result<(), ChangeError> {
        let entry = worker.entry(&plan.id).await?;
        if entry.state == State::RolledBack {
            return Ok(());
        }
        let begun = |at: &usize| {
            entry
                .steps
                .get(at)
                .is_some_and(|step| step.state != StepState::Undone)
        };
        let steps: Vec<usize> = (0..plan.steps.len()).filter(begun).collect();
        let mut reasons = Vec::new();
        for at in &steps {
            let step = &plan.steps[*at];
            if matches!(step.phase, Phase::Contract | Phase::Retire) {
                reasons.push(format!(
                    "\"{}\" was begun, after which there is no way back",
                    step.title
                ));
            } else if let Undo::Impossible { reason } = &step.undo {
                reasons.push(format!("\"{}\": {reason}", step.title));
            }
        }
        if !reasons.is_empty() {
            reasons.insert(0, "The change cannot be taken back:".to_owned());
            return Err(ChangeError::Refused(reasons));
        }
        let id = &plan.id;
        worker.write(id, Write::State(State::RollingBack, None)).await?;
        worker.lock_tables(plan).await?;
        for at in steps.into_iter().rev() {
            while let Err(error) = self.take_step_back(worker, plan, at).await {
                if !worker.is_lost(&error) {
                    return Err(error);
                }
                worker.reconnect(&error).await?;
                let entry = worker.entry(id).await?;
                if entry
                    .steps
                    .get(&at)
                    .is_none_or(|step| step.state == StepState::Undone)
                {
                    break;
                }
            }
        }
        worker.write(id, Write::ForgetPositions).await?;
        worker.write(id, Write::State(State::RolledBack, None)).await
    }

    async fn take_step_back(&self, worker: &mut Worker, plan: &Plan, at: usize) -> Result<(), ChangeError> {
        if let Action::Backfill(backfill) = &plan.steps[at].action {
            worker.clear_backfill(plan, at, backfill).await?;
        }
        match &plan.steps[at].undo {
            Undo::Nothing | Undo::Impossible { .. } => worker.note(&plan.id, at, StepState::Undone).await,
            Undo::Autocommit { sql } => {
                worker.autocommit(sql, &[], None, Heeds::Nobody).await?;
                worker.note(&plan.id, at, StepState::Undone).await
            }
            Undo::Transaction { lock, statements } => {
                let entry = worker.entry(&plan.id).await?;
                if !entry.is_done(at) && matches!(plan.steps[at].action, Action::Transaction { .. }) {
                    // It never committed: there is nothing.
                    return worker.note(&plan.id, at, StepState::Undone).await;
                }
                match worker
                    .transaction(plan, at, lock, statements, StepState::Undone)
                    .await?
                {
                    Stepped::Done | Stepped::Wanted(_) => Ok(()),
                    Stepped::Wrong(error) => Err(error),
                }
            }
        }
    }
}
