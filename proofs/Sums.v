(** Finite sums, the boolean form of "right", and dot products of lists. *)
From Coq Require Import ZArith List Bool Lia.
From Rhoset Require Import Spec.
Import ListNotations.
Open Scope Z_scope.

Lemma sum_ext n f g : (forall i, (i < n)%nat -> f i = g i) -> sum n f = sum n g.
Proof.
  induction n as [|n IH]; intros H; simpl; [reflexivity|].
  rewrite IH, H; auto.
Qed.

Lemma sum_le n f g : (forall i, (i < n)%nat -> f i <= g i) -> sum n f <= sum n g.
Proof.
  induction n as [|n IH]; intros H; simpl; [lia|].
  assert (sum n f <= sum n g) by (apply IH; auto).
  assert (f n <= g n) by (apply H; auto). lia.
Qed.

Lemma sum_plus n f g : sum n (fun i => f i + g i) = sum n f + sum n g.
Proof. induction n; simpl; lia. Qed.

Lemma sum_minus n f g : sum n (fun i => f i - g i) = sum n f - sum n g.
Proof. induction n; simpl; lia. Qed.

Lemma sum_scale n a f : sum n (fun i => a * f i) = a * sum n f.
Proof. induction n; simpl; lia. Qed.

Lemma sum_const n a : sum n (fun _ => a) = Z.of_nat n * a.
Proof. induction n; simpl sum; lia. Qed.

Lemma sum_abs n f : Z.abs (sum n f) <= sum n (fun i => Z.abs (f i)).
Proof. induction n; simpl; lia. Qed.

Lemma sum_nonneg n f : (forall i, (i < n)%nat -> 0 <= f i) -> 0 <= sum n f.
Proof.
  intros H. replace 0 with (sum n (fun _ => 0)) by (rewrite sum_const; lia). apply sum_le; auto.
Qed.

Lemma sum_split_first n f : sum (S n) f = f O + sum n (fun i => f (S i)).
Proof. induction n; [simpl; lia|]. change (sum (S (S n)) f) with (sum (S n) f + f (S n)). rewrite IHn. simpl. lia. Qed.

Theorem right_answerb_spec N x y : right_answerb N x y = true <-> right_answer N x y.
Proof.
  unfold right_answerb, right_answer.
  rewrite andb_true_iff, Nat.ltb_lt, forallb_forall.
  split; intros [H0 H]; split; auto; intros z Hz.
  - intros Hne. specialize (H z). rewrite in_seq in H.
    rewrite orb_true_iff, Nat.eqb_eq, Z.ltb_lt in H. destruct H; [lia|contradiction|assumption].
  - rewrite in_seq in Hz. rewrite orb_true_iff, Nat.eqb_eq, Z.ltb_lt.
    destruct (Nat.eq_dec z (product N x y)); [left; assumption|right; apply H; lia].
Qed.

(** ** Lists of integers *)
Fixpoint zdot (us hs : list Z) : Z :=
  match us, hs with u :: us', h :: hs' => u * h + zdot us' hs' | _, _ => 0 end.

Lemma zdot_sum us hs m :
  length us = m -> length hs = m -> zdot us hs = sum m (fun i => nth i us 0 * nth i hs 0).
Proof.
  revert us hs; induction m; intros us hs Hu Hh.
  - destruct us; [reflexivity|discriminate].
  - destruct us as [|u us]; [discriminate|]. destruct hs as [|h hs]; [discriminate|].
    simpl in Hu, Hh. rewrite sum_split_first. simpl zdot. rewrite (IHm us hs) by lia. reflexivity.
Qed.

(** [count p l] elements of [l] satisfy [p]. *)
Lemma sum_seq (A : Type) (l : list A) (d : A) (f : A -> Z) :
  sum (length l) (fun i => f (nth i l d)) = fold_right (fun a acc => f a + acc) 0 l.
Proof.
  induction l as [|a l IH]; [reflexivity|].
  change (length (a :: l)) with (S (length l)). rewrite sum_split_first. simpl nth. simpl fold_right.
  rewrite IH. reflexivity.
Qed.
