(** Machine integers: 63 bits, arithmetic modulo 2^63, read as signed numbers where a bound excludes overflow. *)
From Coq Require Import ZArith List Uint63 Bool Lia.
From Rhoset Require Import Spec Sums.
Import ListNotations.
Open Scope Z_scope.

(** The machine integer [i] stands for [v] (modulo 2^63). *)
Definition stands (i : int) (v : Z) : Prop := to_Z i = v mod wB.

Lemma stands_of_Z v : stands (of_Z v) v.
Proof. apply of_Z_spec. Qed.

Lemma stands_add a b u v : stands a u -> stands b v -> stands (a + b)%uint63 (u + v).
Proof. unfold stands. intros Ha Hb. rewrite add_spec, Ha, Hb. symmetry. apply Zplus_mod. Qed.

Lemma stands_sub a b u v : stands a u -> stands b v -> stands (a - b)%uint63 (u - v).
Proof. unfold stands. intros Ha Hb. rewrite sub_spec, Ha, Hb. symmetry. apply Zminus_mod. Qed.

Lemma stands_mul a b u v : stands a u -> stands b v -> stands (a * b)%uint63 (u * v).
Proof. unfold stands. intros Ha Hb. rewrite mul_spec, Ha, Hb. symmetry. apply Zmult_mod. Qed.

(** 2^62: from here on a machine integer is negative. *)
Definition half : int := 4611686018427387904%uint63.

Lemma half_value : to_Z half = 2 ^ 62. Proof. reflexivity. Qed.
Lemma wB_value : wB = 2 * 2 ^ 62. Proof. reflexivity. Qed.

Lemma nonnegative i v : stands i v -> - 2 ^ 62 <= v < 2 ^ 62 -> (i <? half)%uint63 = (0 <=? v).
Proof.
  unfold stands. intros Hi Hv. apply eq_true_iff_eq. rewrite ltb_spec, Z.leb_le, half_value, Hi, wB_value.
  destruct (Z_le_gt_dec 0 v).
  - rewrite Z.mod_small by lia. lia.
  - replace (v mod (2 * 2 ^ 62)) with (v + 2 * 2 ^ 62); [lia|].
    apply Z.mod_unique with (q := -1); lia.
Qed.

(** ** What a neuron does *)
Definition hidden (a b : int) : int := let t := (a + b)%uint63 in if (t <? half)%uint63 then t else 0%uint63.

Lemma stands_hidden a b u v :
  stands a u -> stands b v -> - 2 ^ 62 <= u + v < 2 ^ 62 -> stands (hidden a b) (relu (u + v)).
Proof.
  intros Ha Hb Hr. pose proof (stands_add _ _ _ _ Ha Hb) as H. unfold hidden.
  rewrite (nonnegative _ _ H Hr). unfold relu. destruct (Z.leb_spec 0 (u + v)).
  - rewrite Z.max_r by lia. exact H.
  - rewrite Z.max_l by lia. reflexivity.
Qed.

Fixpoint hiddens (l r : list int) : list int :=
  match l, r with a :: l', b :: r' => hidden a b :: hiddens l' r' | _, _ => nil end.

Fixpoint zhiddens (l r : list Z) : list Z :=
  match l, r with a :: l', b :: r' => relu (a + b) :: zhiddens l' r' | _, _ => nil end.

Lemma stands_hiddens L R u v :
  0 <= L -> 0 <= R -> L + R < 2 ^ 62 ->
  (forall a, In a u -> Z.abs a <= L) -> (forall b, In b v -> Z.abs b <= R) ->
  Forall2 stands (hiddens (map of_Z u) (map of_Z v)) (zhiddens u v).
Proof.
  intros HL HR HLR. revert v. induction u as [|a u IH]; intros [|b v] Hu Hv; simpl; constructor.
  - apply stands_hidden; try apply stands_of_Z.
    specialize (Hu a (or_introl eq_refl)). specialize (Hv b (or_introl eq_refl)). lia.
  - apply IH; intros; [apply Hu|apply Hv]; right; assumption.
Qed.

Lemma zhiddens_nth u v m i :
  length u = m -> length v = m -> (i < m)%nat -> nth i (zhiddens u v) 0 = relu (nth i u 0 + nth i v 0).
Proof.
  revert v m i. induction u as [|a u IH]; intros [|b v] m i Hu Hv Hi; simpl in *; subst; try lia; try discriminate.
  destruct i; [reflexivity|]. apply (IH v (length u)); lia.
Qed.

Lemma zhiddens_length u v m : length u = m -> length v = m -> length (zhiddens u v) = m.
Proof.
  revert v m. induction u as [|a u IH]; intros [|b v] m Hu Hv; simpl in *; subst; try lia.
  rewrite (IH v (length u)); lia.
Qed.

(** ** Dot products *)
Fixpoint dot (acc : int) (us hs : list int) : int :=
  match us, hs with u :: us', h :: hs' => dot (acc + u * h)%uint63 us' hs' | _, _ => acc end.

Lemma stands_dot us hs zhs acc zacc :
  Forall2 stands hs zhs -> stands acc zacc -> stands (dot acc (map of_Z us) hs) (zacc + zdot us zhs).
Proof.
  intros H. revert us acc zacc. induction H as [|h zh hs zhs Hh _ IH]; intros us acc zacc Ha.
  - destruct us; simpl; replace (zacc + 0) with zacc by lia; assumption.
  - destruct us as [|u us]; simpl; [replace (zacc + 0) with zacc by lia; assumption|].
    replace (zacc + (u * zh + zdot us zhs)) with ((zacc + u * zh) + zdot us zhs) by lia.
    apply IH. apply stands_add; [assumption|]. apply stands_mul; [apply stands_of_Z|assumption].
Qed.

(** ** The right output against all others: [top] is its value less what must be between. *)
Definition below (top f : int) : bool := (top - f <? half)%uint63.

Fixpoint others (c : nat) (top : int) (fs : list int) {struct fs} : bool :=
  match fs, c with
  | nil, _ => false
  | _ :: fs', O => forallb (below top) fs'
  | f :: fs', S c' => below top f && others c' top fs'
  end.

Lemma others_spec c top fs :
  others c top fs = true ->
  (c < length fs)%nat /\ forall z, (z < length fs)%nat -> z <> c -> below top (nth z fs 0%uint63) = true.
Proof.
  revert c. induction fs as [|f fs IH]; intros c H; [discriminate|].
  destruct c as [|c]; simpl in H.
  - rewrite forallb_forall in H. split; [simpl; lia|]. intros [|z] Hz Hne; [contradiction|]. simpl in Hz |- *.
    apply H, nth_In. lia.
  - apply andb_true_iff in H. destruct H as [Hf H]. apply IH in H. destruct H as [Hc H].
    split; [simpl; lia|]. intros [|z] Hz Hne; [exact Hf|]. simpl in Hz |- *. apply H; lia.
Qed.
