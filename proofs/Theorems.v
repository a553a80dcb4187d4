(** What a file about one network uses, and the executable. *)
From Coq Require Import ZArith List Uint63 Bool Lia.
From Rhoset Require Import Spec Sums Rounding Machine Exact Group Fold Norms Actions Vectors Even LowRank Prepare.
Import ListNotations.
Open Scope Z_scope.

(** Rule even. *)
Definition even_given (a : Z) (m : nat) (r : rounded) (generators : list nat) (given : given_even) : Z :=
  match find_identity (row_table r) with
  | None => 0
  | Some e => even_rounded a m r generators (even_of m r e generators given)
  end.

Definition even (kl ku : Z) (generators : list nat) (given : given_even) (w : stored) : Z :=
  if well_formed w && (0 <=? kl) && (0 <=? ku) then
    even_given 2 (length (unembeds w)) (round kl ku w) generators given
  else 0.

Definition even_factored (ke kw s ku : Z) (generators : list nat) (given : given_even) (w : factored) : Z :=
  if well_formed_factored w && factored_fits ke kw s w && (0 <=? ku) then
    even_given 4 (length (factored_unembeds w)) (round_factored ke kw s ku w) generators given
  else 0.

Lemma even_given_sound N kl ku a r generators given :
  rounds N kl ku a r -> even_given a (width N) r generators given <= right_pairs N.
Proof.
  intros R. unfold even_given. destruct (find_identity (row_table r)); [|apply right_pairs_nonneg].
  apply (even_rounded_sound N kl ku). exact R.
Qed.

(** Theorem 10 (even). *)
Theorem even_sound kl ku generators given w :
  even kl ku generators given w <= right_pairs (exact_network w).
Proof.
  unfold even. destruct (well_formed w && (0 <=? kl) && (0 <=? ku)) eqn:G; [|apply right_pairs_nonneg].
  rewrite !andb_true_iff, !Z.leb_le in G. destruct G as [[wf Hkl] Hku].
  apply (even_given_sound (exact_network w) kl ku). apply round_rounds; assumption.
Qed.

Theorem even_factored_sound ke kw s ku generators given w :
  even_factored ke kw s ku generators given w <= right_pairs (exact_factored_network w).
Proof.
  unfold even_factored. destruct (well_formed_factored w && factored_fits ke kw s w && (0 <=? ku)) eqn:G;
    [|apply right_pairs_nonneg].
  rewrite !andb_true_iff, Z.leb_le in G. destruct G as [[wf F] Hku].
  apply (even_given_sound (exact_factored_network w) (ke + kw + s) ku). apply round_factored_rounds; assumption.
Qed.

(** The rule lowrank. *)
Definition lowrank (kl ku : Z) (given : given_rank) (D : Z) (w : stored) : Z :=
  if well_formed w && (0 <=? kl) && (0 <=? ku) then
    let m := length (unembeds w) in let r := round kl ku w in rank_rounded 2 m r (rank_of m r given D)
  else 0.

Definition lowrank_factored (ke kw s ku : Z) (given : given_rank) (D : Z) (w : factored) : Z :=
  if well_formed_factored w && factored_fits ke kw s w && (0 <=? ku) then
    let m := length (factored_unembeds w) in let r := round_factored ke kw s ku w in rank_rounded 4 m r (rank_of m r given D)
  else 0.

(** What sums may reach: by it the places kept are chosen.  Nothing is proved of these two. *)
Definition rank_size (m : nat) (r : rounded) (given : given_rank) (D : Z) : Z :=
  base (prepare (length (row_table r)) m r (rank_of m r given D)).
Definition lowrank_size kl ku given D (w : stored) : Z := rank_size (length (unembeds w)) (round kl ku w) given D.
Definition lowrank_size_factored ke kw s ku given D (w : factored) : Z :=
  rank_size (length (factored_unembeds w)) (round_factored ke kw s ku w) given D.

(** Theorem 3 (lowrank). *)
Theorem lowrank_sound kl ku given D w : lowrank kl ku given D w <= right_pairs (exact_network w).
Proof.
  unfold lowrank. destruct (well_formed w && (0 <=? kl) && (0 <=? ku)) eqn:G; [|apply right_pairs_nonneg].
  rewrite !andb_true_iff, !Z.leb_le in G. destruct G as [[wf Hkl] Hku].
  apply (rank_rounded_sound (exact_network w) kl ku). apply round_rounds; assumption.
Qed.

Theorem lowrank_factored_sound ke kw s ku given D w :
  lowrank_factored ke kw s ku given D w <= right_pairs (exact_factored_network w).
Proof.
  unfold lowrank_factored. destruct (well_formed_factored w && factored_fits ke kw s w && (0 <=? ku)) eqn:G;
    [|apply right_pairs_nonneg].
  rewrite !andb_true_iff, Z.leb_le in G. destruct G as [[wf F] Hku].
  apply (rank_rounded_sound (exact_factored_network w) (ke + kw + s) ku). apply round_factored_rounds; assumption.
Qed.

(** ** Statements about one network *)
Lemma right_pairs_most N : right_pairs N <= Z.of_nat (order N) * Z.of_nat (order N).
Proof.
  unfold right_pairs. set (n := order N).
  replace (Z.of_nat n * Z.of_nat n) with (sum n (fun _ => sum n (fun _ => 1))) by (rewrite !sum_const; lia).
  apply sum_le. intros x _. apply sum_le. intros y _. destruct (right_answerb N x y); lia.
Qed.

(** The tensors are well formed, the table is a group's, and at least [k] pairs are right. *)
Definition proved (w : stored) (k : Z) : Prop :=
  well_formed w = true /\ is_group (length (table w)) (table_product (table w)) /\
  k <= right_pairs (exact_network w).

Definition proved_factored (w : factored) (k : Z) : Prop :=
  well_formed_factored w = true /\ is_group (length (factored_table w)) (table_product (factored_table w)) /\
  k <= right_pairs (exact_factored_network w).

Theorem by_exact w k generators kl ku :
  well_formed w && group (table w) generators && (k <=? exact kl ku w) = true -> proved w k.
Proof.
  rewrite !andb_true_iff, Z.leb_le. intros [[H1 H2] H3]. split; [exact H1|]. split; [apply (group_sound _ _ H2)|].
  eapply Z.le_trans; [exact H3|apply exact_sound].
Qed.

Theorem by_exact_factored w k generators ke kw s ku :
  well_formed_factored w && group (factored_table w) generators && (k <=? exact_factored ke kw s ku w) = true ->
  proved_factored w k.
Proof.
  rewrite !andb_true_iff, Z.leb_le. intros [[H1 H2] H3]. split; [exact H1|]. split; [apply (group_sound _ _ H2)|].
  eapply Z.le_trans; [exact H3|apply exact_factored_sound].
Qed.

Theorem by_even w k generators given kl ku :
  well_formed w && group (table w) generators && (k <=? even kl ku generators given w) = true -> proved w k.
Proof.
  rewrite !andb_true_iff, Z.leb_le. intros [[H1 H2] H3]. split; [exact H1|]. split; [apply (group_sound _ _ H2)|].
  eapply Z.le_trans; [exact H3|apply even_sound].
Qed.

Theorem by_even_factored w k generators given ke kw s ku :
  well_formed_factored w && group (factored_table w) generators &&
    (k <=? even_factored ke kw s ku generators given w) = true -> proved_factored w k.
Proof.
  rewrite !andb_true_iff, Z.leb_le. intros [[H1 H2] H3]. split; [exact H1|]. split; [apply (group_sound _ _ H2)|].
  eapply Z.le_trans; [exact H3|apply even_factored_sound].
Qed.

Theorem by_lowrank w k generators given D kl ku :
  well_formed w && group (table w) generators && (k <=? lowrank kl ku given D w) = true -> proved w k.
Proof.
  rewrite !andb_true_iff, Z.leb_le. intros [[H1 H2] H3]. split; [exact H1|]. split; [apply (group_sound _ _ H2)|].
  eapply Z.le_trans; [exact H3|apply lowrank_sound].
Qed.

Theorem by_lowrank_factored w k generators given D ke kw s ku :
  well_formed_factored w && group (factored_table w) generators &&
    (k <=? lowrank_factored ke kw s ku given D w) = true -> proved_factored w k.
Proof.
  rewrite !andb_true_iff, Z.leb_le. intros [[H1 H2] H3]. split; [exact H1|]. split; [apply (group_sound _ _ H2)|].
  eapply Z.le_trans; [exact H3|apply lowrank_factored_sound].
Qed.

(** All pairs are right. *)
Theorem complete w k :
  proved w k -> Z.of_nat (length (table w)) * Z.of_nat (length (table w)) =? k = true ->
  well_formed w = true /\ is_group (length (table w)) (table_product (table w)) /\ right_pairs (exact_network w) = k.
Proof.
  intros [H1 [H2 H3]] E. apply Z.eqb_eq in E. split; [exact H1|]. split; [exact H2|].
  pose proof (right_pairs_most (exact_network w)) as M. change (order (exact_network w)) with (length (table w)) in M. lia.
Qed.

Theorem complete_factored w k :
  proved_factored w k -> Z.of_nat (length (factored_table w)) * Z.of_nat (length (factored_table w)) =? k = true ->
  well_formed_factored w = true /\ is_group (length (factored_table w)) (table_product (factored_table w)) /\
  right_pairs (exact_factored_network w) = k.
Proof.
  intros [H1 [H2 H3]] E. apply Z.eqb_eq in E. split; [exact H1|]. split; [exact H2|].
  pose proof (right_pairs_most (exact_factored_network w)) as M.
  change (order (exact_factored_network w)) with (length (factored_table w)) in M. lia.
Qed.
