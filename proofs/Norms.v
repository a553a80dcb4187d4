(** Cauchy-Schwarz over the integers, integer square roots rounded up, sums and their re-indexing. *)
From Coq Require Import ZArith List Bool Lia Permutation.
From Rhoset Require Import Spec Sums.
Import ListNotations.
Open Scope Z_scope.

(** ** [S] is an inner product of vectors with squared norms [A] and [B]. *)
Definition schwarz (S A B : Z) : Prop := 0 <= A /\ 0 <= B /\ S * S <= A * B.

Lemma schwarz_one a b : schwarz (a * b) (a * a) (b * b).
Proof. unfold schwarz. repeat split; nia. Qed.

Lemma square_le u v : 0 <= v -> u * u <= v * v -> u <= v.
Proof. intros. nia. Qed.

Lemma schwarz_plus S A B S' A' B' : schwarz S A B -> schwarz S' A' B' -> schwarz (S + S') (A + A') (B + B').
Proof.
  intros [HA [HB H]] [HA' [HB' H']]. repeat split; try lia.
  assert (2 * (S * S') <= A * B' + A' * B).
  { apply square_le; [nia|].
    assert (S * S * (S' * S') <= A * B * (A' * B')) by (apply Z.mul_le_mono_nonneg; nia).
    assert (0 <= (A * B' - A' * B) * (A * B' - A' * B)) by apply Z.square_nonneg. nia. }
  nia.
Qed.

Lemma sqrt_up_square a : 0 <= a -> a <= Z.sqrt_up a * Z.sqrt_up a.
Proof.
  intros Ha. destruct (Z.eq_dec a 0) as [->|Hne]; [cbn; lia|].
  pose proof (Z.sqrt_up_spec a ltac:(lia)). lia.
Qed.

Lemma schwarz_bound S A B : schwarz S A B -> S <= Z.sqrt_up A * Z.sqrt_up B.
Proof.
  intros [HA [HB H]]. pose proof (Z.sqrt_up_nonneg A). pose proof (Z.sqrt_up_nonneg B).
  apply square_le; [nia|]. pose proof (sqrt_up_square A HA). pose proof (sqrt_up_square B HB). nia.
Qed.

(** ** Re-ordering *)
Lemma sum_swap m n f : sum m (fun i => sum n (fun j => f i j)) = sum n (fun j => sum m (fun i => f i j)).
Proof.
  induction m; simpl; [rewrite sum_const; lia|]. rewrite IHm, <- sum_plus. reflexivity.
Qed.

(** ** Re-indexing by a bijection of 0 .. p-1 *)
Lemma sum_list n f : sum n f = fold_right Z.add 0 (map f (seq 0 n)).
Proof.
  induction n; [reflexivity|]. simpl sum. rewrite IHn, seq_S, map_app, fold_right_app. simpl.
  generalize (map f (seq 0 n)). intros l. induction l; simpl; lia.
Qed.

Definition bijection (p : nat) (f g : nat -> nat) : Prop :=
  forall b, (b < p)%nat -> (f b < p)%nat /\ (g b < p)%nat /\ f (g b) = b /\ g (f b) = b.

(** ** Sums over lists *)
Fixpoint lsum {A : Type} (f : A -> Z) (l : list A) : Z :=
  match l with nil => 0 | a :: l' => f a + lsum f l' end.

Lemma lsum_ext (A : Type) (f g : A -> Z) l : (forall a, In a l -> f a = g a) -> lsum f l = lsum g l.
Proof. induction l; intros H; simpl; [reflexivity|]. rewrite IHl, (H a); simpl in *; auto. Qed.

Lemma lsum_le (A : Type) (f g : A -> Z) l : (forall a, In a l -> f a <= g a) -> lsum f l <= lsum g l.
Proof.
  induction l; intros H; simpl; [lia|]. assert (f a <= g a) by (apply H; left; reflexivity).
  assert (lsum f l <= lsum g l) by (apply IHl; intros; apply H; right; assumption). lia.
Qed.

Lemma lsum_plus (A : Type) (f g : A -> Z) l : lsum (fun a => f a + g a) l = lsum f l + lsum g l.
Proof. induction l; simpl; lia. Qed.

Lemma lsum_minus (A : Type) (f g : A -> Z) l : lsum (fun a => f a - g a) l = lsum f l - lsum g l.
Proof. induction l; simpl; lia. Qed.

Lemma lsum_scale (A : Type) k (f : A -> Z) l : lsum (fun a => k * f a) l = k * lsum f l.
Proof. induction l; simpl; lia. Qed.

Lemma lsum_swap (A : Type) m (f : nat -> A -> Z) l :
  sum m (fun i => lsum (f i) l) = lsum (fun a => sum m (fun i => f i a)) l.
Proof. induction l; simpl; [rewrite sum_const; lia|]. rewrite sum_plus, IHl. reflexivity. Qed.

(** Only the neuron [k] is picked. *)
Lemma sum_pick m k a (h : nat -> Z) :
  (k < m)%nat -> sum m (fun i => (if (k =? i)%nat then a else 0) * h i) = a * h k.
Proof.
  intros Hk. induction m; [lia|]. simpl. destruct (Nat.eq_dec k m) as [->|Hne].
  - rewrite Nat.eqb_refl.
    rewrite (sum_ext m _ (fun _ => 0)).
    + rewrite sum_const. lia.
    + intros i Hi. destruct (Nat.eqb_spec m i); lia.
  - destruct (Nat.eqb_spec k m); [contradiction|]. rewrite IHm by lia. lia.
Qed.
