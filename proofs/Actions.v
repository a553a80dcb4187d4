(** Lemma 4 (actions), and small tools: tables, the largest of a list, inverses. *)
From Coq Require Import ZArith List Uint63 Bool Lia.
From Rhoset Require Import Spec Sums Rounding Exact Group Norms.
Import ListNotations.
Open Scope Z_scope.

Definition all (n : nat) (P : nat -> bool) : bool := forallb P (seq 0 n).

Lemma all_spec n P : all n P = true <-> forall i, (i < n)%nat -> P i = true.
Proof.
  unfold all. rewrite forallb_forall. split; intros H i Hi; [apply H, in_seq; lia|]. apply in_seq in Hi. apply H. lia.
Qed.

(** The largest, of any sign. *)
Definition highest (l : list Z) : Z := match l with nil => - 2 ^ 62 | v :: l' => fold_right Z.max v l' end.

Lemma fold_max_spec d l v : In v l -> v <= fold_right Z.max d l.
Proof. induction l as [|u l IH]; simpl; [tauto|]. intros [->|H]; [lia|]. specialize (IH H). lia. Qed.

Lemma highest_spec l v : In v l -> v <= highest l.
Proof.
  destruct l as [|u l]; simpl; [tauto|]. intros [->|H]; [|apply fold_max_spec, H].
  induction l as [|u l IH]; simpl; lia.
Qed.

Definition tabulate {A : Type} (n : nat) (f : nat -> A) : list A := map f (seq 0 n).

Lemma tabulate_nth (A : Type) n (f : nat -> A) d i : (i < n)%nat -> nth i (tabulate n f) d = f i.
Proof.
  intros Hi. unfold tabulate. rewrite (nth_indep _ d (f O)) by (rewrite map_length, seq_length; exact Hi).
  rewrite map_nth, seq_nth by exact Hi. reflexivity.
Qed.

Lemma nth_map_tabulate (A B : Type) (f : A -> B) n g d i :
  (i < n)%nat -> nth i (map f (tabulate n g)) d = f (g i).
Proof.
  intros Hi. unfold tabulate. rewrite map_map. apply (tabulate_nth _ n (fun i => f (g i)) d i Hi).
Qed.

Lemma combine_maps (A B C : Type) (f : A -> B) (g : A -> C) l : combine (map f l) (map g l) = map (fun a => (f a, g a)) l.
Proof. induction l; simpl; [reflexivity|]. rewrite IHl. reflexivity. Qed.

Lemma lsum_nonneg (A : Type) (f : A -> Z) l : (forall a, 0 <= f a) -> 0 <= lsum f l.
Proof. intros H. induction l as [|a l IH]; simpl; [lia|]. specialize (H a). lia. Qed.

Lemma nth_largest l i : Z.abs (nth i l 0) <= largest l.
Proof.
  destruct (nth_in_or_default i l 0) as [H|H]; [apply largest_spec; exact H|].
  rewrite H. pose proof (largest_nonneg l). lia.
Qed.

Definition point (rows : list (list nat)) (x b : nat) : nat := nth b (nth x rows nil) O.

Lemma zdot_map (A : Type) (f g : A -> Z) l : zdot (map f l) (map g l) = lsum (fun a => f a * g a) l.
Proof. induction l; simpl; [reflexivity|]. rewrite IHl. reflexivity. Qed.

(** ** Inverses *)
Definition inverse_table (t : list (list int)) (e : nat) : list nat :=
  let n := length t in
  tabulate n (fun x =>
    match find (fun y => (table_product t x y =? e)%nat) (seq 0 n) with Some y => y | None => O end).

Definition inverses_ok (n : nat) (op : nat -> nat -> nat) (e : nat) (inv : nat -> nat) : bool :=
  all n (fun x => (inv x <? n)%nat && (op (inv x) x =? e)%nat && (op x (inv x) =? e)%nat).

(** ** Actions *)
Section Moves.
  Variables (n : nat) (op : nat -> nat -> nat) (e : nat) (inv : nat -> nat).
  Hypothesis closed : forall x y, (x < n)%nat -> (y < n)%nat -> (op x y < n)%nat.
  Hypothesis inverse : forall x, (x < n)%nat -> (inv x < n)%nat /\ op (inv x) x = e /\ op x (inv x) = e.

  (** An action on 0 .. p-1. *)
  Definition action (p : nat) (act : nat -> nat -> nat) : Prop :=
    (forall x b, (x < n)%nat -> (b < p)%nat -> (act x b < p)%nat) /\
    (forall b, (b < p)%nat -> act e b = b) /\
    (forall x y b, (x < n)%nat -> (y < n)%nat -> (b < p)%nat -> act (op x y) b = act x (act y b)).

  Lemma action_bijection p act x : action p act -> (x < n)%nat -> bijection p (act x) (act (inv x)).
  Proof.
    intros [Hr [He Ha]] Hx b Hb. destruct (inverse x Hx) as [Hi [H1 H2]].
    repeat split; auto.
    - rewrite <- Ha, H2 by assumption. auto.
    - rewrite <- Ha, H1 by assumption. auto.
  Qed.
End Moves.

Definition action_ok (n : nat) (op : nat -> nat -> nat) (e : nat) (generators : list nat) (p : nat)
    (act : nat -> nat -> nat) : bool :=
  all n (fun x => all p (fun b => (act x b <? p)%nat)) &&
  all p (fun b => (act e b =? b)%nat) &&
  forallb (fun g => all n (fun a => let ga := op g a in all p (fun b => (act ga b =? act g (act a b))%nat)))
    generators.

Section Actions.
  Variables (n : nat) (op : nat -> nat -> nat) (e : nat) (generators : list nat).
  Hypothesis closed : forall x y, (x < n)%nat -> (y < n)%nat -> (op x y < n)%nat.
  Hypothesis assoc : forall x y z, (x < n)%nat -> (y < n)%nat -> (z < n)%nat -> op (op x y) z = op x (op y z).
  Hypothesis identity : forall x, (x < n)%nat -> op e x = x /\ op x e = x.
  Hypothesis e_in : (e < n)%nat.
  Hypothesis induction : inductive n op generators e.

  (** Lemma 4 (actions): permutations that agree with the products by generators are an action. *)
  Lemma action_ok_sound p act : action_ok n op e generators p act = true -> action n op e p act.
  Proof.
    unfold action_ok. rewrite !andb_true_iff, !all_spec, forallb_forall. intros [[Hr He] Hg].
    assert (range : forall x b, (x < n)%nat -> (b < p)%nat -> (act x b < p)%nat).
    { intros x b Hx Hb. specialize (Hr x Hx). rewrite all_spec in Hr. apply Nat.ltb_lt, Hr, Hb. }
    assert (unit : forall b, (b < p)%nat -> act e b = b) by (intros b Hb; apply Nat.eqb_eq, He, Hb).
    assert (step : forall g a b, In g generators -> (a < n)%nat -> (b < p)%nat -> act (op g a) b = act g (act a b)).
    { intros g a b HI Ha Hb. specialize (Hg g HI). rewrite all_spec in Hg. specialize (Hg a Ha).
      rewrite all_spec in Hg. apply Nat.eqb_eq, Hg, Hb. }
    split; [exact range|]. split; [exact unit|].
    intros x y b Hx. revert y b. pattern x. revert x Hx. apply induction.
    - intros y b Hy Hb. destruct (identity y Hy) as [-> _]. rewrite unit; auto.
    - intros g x HI Hgn Hx IH y b Hy Hb. rewrite assoc by assumption.
      rewrite (step g (op x y) b), (step g x (act y b)), IH by auto. reflexivity.
  Qed.
End Actions.
