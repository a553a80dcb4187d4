(** Lemma 6 (transport): what slots write, seen from the right answer. *)
From Coq Require Import ZArith List Bool Lia.
From Rhoset Require Import Spec Sums Norms.
Import ListNotations.
Open Scope Z_scope.

(** An entry of a slot: a neuron, the weight by which it writes, and what it is taken to read on the points of B and
    of C ([alpha], [gamma]: any numbers). *)
Record entry := Entry { neuron : nat; weight : Z; alpha : list Z; gamma : list Z }.

Definition alpha_at (E : entry) (b : nat) : Z := nth b (alpha E) 0.
Definition gamma_at (E : entry) (c : nat) : Z := nth c (gamma E) 0.

(** What a slot computes at the points (b, c) of its readings. *)
Definition slot_table (l : list entry) (b c : nat) : Z :=
  lsum (fun E => weight E * relu (alpha_at E b + gamma_at E c)) l.

(** How far the readings of a slot are from that. *)
Definition slot_error (reading : nat -> Z) (taken : entry -> Z) (l : list entry) : Z :=
  lsum (fun E => Z.abs (weight E) * Z.abs (reading (neuron E) - taken E)) l.

Lemma relu_lipschitz u v : Z.abs (relu u - relu v) <= Z.abs (u - v).
Proof. unfold relu. lia. Qed.

Lemma slot_near (l r : nat -> Z) (slot : list entry) b c :
  Z.abs (lsum (fun E => weight E * relu (l (neuron E) + r (neuron E))) slot - slot_table slot b c) <=
  slot_error l (fun E => alpha_at E b) slot + slot_error r (fun E => gamma_at E c) slot.
Proof.
  unfold slot_table, slot_error. rewrite <- lsum_minus, <- lsum_plus.
  eapply Z.le_trans; [apply lsum_abs|]. apply lsum_le. intros E _. cbv beta.
  rewrite <- Z.mul_sub_distr_l, Z.abs_mul, <- Z.mul_add_distr_l.
  apply Z.mul_le_mono_nonneg_l; [lia|]. eapply Z.le_trans; [apply relu_lipschitz|]. lia.
Qed.

Section Transport.
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

  Lemma action_bijection' p act x : action p act -> (x < n)%nat -> bijection p (act (inv x)) (act x).
  Proof.
    intros H Hx b Hb. destruct (action_bijection p act x H Hx b Hb) as [H1 [H2 [H3 H4]]]. repeat split; assumption.
  Qed.

  Variables (p q : nat) (left_act right_act : nat -> nat -> nat) (coupling : nat -> nat -> Z).
  Hypothesis left_action : action p left_act.
  Hypothesis right_action : action q right_act.
  Hypothesis invariant : forall x b c, (x < n)%nat -> (b < p)%nat -> (c < q)%nat ->
    coupling (left_act x b) (right_act x c) = coupling b c.

  (** Lemma 6 (transport), for slots: moving the point of B instead. *)
  Lemma transport x a b c : (x < n)%nat -> (a < n)%nat -> (b < p)%nat -> (c < q)%nat ->
    coupling b (right_act (op x a) c) = coupling (left_act (inv x) b) (right_act a c).
  Proof.
    intros Hx Ha Hb Hc. destruct (inverse x Hx) as [Hi [H1 H2]].
    destruct left_action as [Lr [Le La]]. destruct right_action as [Rr [Re Ra]].
    rewrite Ra by assumption.
    rewrite <- (invariant (inv x) b (right_act x (right_act a c))) by auto.
    rewrite <- Ra, H1, Re by auto. reflexivity.
  Qed.

  (** What is lost at (b, c) when w stands where the identity should. *)
  Definition change (w b c : nat) : Z := coupling b c - coupling b (right_act w c).

  Variables (slot : nat -> nat -> list entry) (ideal spread : nat -> nat -> Z).
  Hypothesis spread_bounds : forall b' c' b c, (b' < p)%nat -> (c' < q)%nat -> (b < p)%nat -> (c < q)%nat ->
    Z.abs (slot_table (slot b' c') b c - ideal b c) <= spread b c.

  Definition least (w : nat) : Z :=
    sum2 p q (fun b c => ideal b c * change w b c - spread b c * Z.abs (change w b c)).
  Definition distance (w : nat) : Z := Z.sqrt_up (sum2 p q (fun b c => change w b c * change w b c)).
  Definition norm (f : nat -> nat -> Z) : Z := Z.sqrt_up (sum2 p q (fun b c => f b c * f b c)).
  Definition left_error (l : nat -> Z) (x : nat) : Z :=
    norm (fun b c => slot_error l (fun E => alpha_at E (left_act (inv x) b)) (slot b c)).
  Definition right_error (r : nat -> Z) (y : nat) : Z :=
    norm (fun b c => slot_error r (fun E => gamma_at E (right_act y c)) (slot b c)).

  Lemma norm_bound w (f : nat -> nat -> Z) (s t s' t' : nat -> nat) :
    bijection p s s' -> bijection q t t' ->
    sum2 p q (fun b c => f b c * Z.abs (change w (s b) (t c))) <= norm f * distance w.
  Proof.
    intros Hs Ht. eapply Z.le_trans; [apply schwarz_bound, schwarz_sum2|].
    unfold norm, distance.
    rewrite (sum2_ext p q (fun b c => Z.abs (change w (s b) (t c)) * Z.abs (change w (s b) (t c)))
               (fun b c => (fun b c => change w b c * change w b c) (s b) (t c))) by (intros; cbv beta; nia).
    rewrite (sum2_bijection p q s s' t t' (fun b c => change w b c * change w b c) Hs Ht). lia.
  Qed.

  Theorem block_margin (l r : nat -> Z) x y w :
    (x < n)%nat -> (y < n)%nat -> (w < n)%nat ->
    (forall a b d, (a < n)%nat -> (b < n)%nat -> (d < n)%nat -> op (op a b) d = op a (op b d)) ->
    least w - distance w * (left_error l x + right_error r y) <=
    sum2 p q (fun b c => lsum (fun E =>
      weight E * (coupling b (right_act (op x y) c) - coupling b (right_act (op (op x w) y) c)) *
      relu (l (neuron E) + r (neuron E))) (slot b c)).
  Proof.
    intros Hx Hy Hw assoc.
    destruct (inverse x Hx) as [Hi _].
    pose proof (action_bijection' p left_act x left_action Hx) as Bl.
    pose proof (action_bijection q right_act y right_action Hy) as Br.
    set (s := left_act (inv x)) in *. set (t := right_act y) in *.
    set (ex := fun b c => slot_error l (fun E => alpha_at E (s b)) (slot b c)).
    set (ey := fun b c => slot_error r (fun E => gamma_at E (t c)) (slot b c)).
    assert (Step : forall b c, (b < p)%nat -> (c < q)%nat ->
      (ideal (s b) (t c) * change w (s b) (t c) - spread (s b) (t c) * Z.abs (change w (s b) (t c))) -
      (ex b c * Z.abs (change w (s b) (t c)) + ey b c * Z.abs (change w (s b) (t c))) <=
      lsum (fun E =>
        weight E * (coupling b (right_act (op x y) c) - coupling b (right_act (op (op x w) y) c)) *
        relu (l (neuron E) + r (neuron E))) (slot b c)).
    { intros b c Hb Hc.
      destruct (Bl b Hb) as [Hsb _]. destruct (Br c Hc) as [Htc _].
      assert (E1 : coupling b (right_act (op x y) c) = coupling (s b) (t c)) by (apply transport; assumption).
      assert (E2 : coupling b (right_act (op (op x w) y) c) = coupling (s b) (right_act w (t c))).
      { rewrite assoc, transport by auto. unfold s, t. destruct right_action as [_ [_ Ra]]. rewrite Ra by auto. reflexivity. }
      rewrite E1, E2. fold (change w (s b) (t c)).
      rewrite (lsum_ext _ _ (fun E => change w (s b) (t c) * (weight E * relu (l (neuron E) + r (neuron E)))))
        by (intros; ring).
      rewrite lsum_scale.
      pose proof (slot_near l r (slot b c) (s b) (t c)) as H1. fold (ex b c) in H1.
      change (slot_error l (fun E : entry => alpha_at E (s b)) (slot b c)) with (ex b c) in H1.
      change (slot_error r (fun E : entry => gamma_at E (t c)) (slot b c)) with (ey b c) in H1.
      pose proof (spread_bounds b c (s b) (t c) Hb Hc Hsb Htc) as H2.
      set (d := change w (s b) (t c)) in *.
      set (Q := lsum (fun E => weight E * relu (l (neuron E) + r (neuron E))) (slot b c)) in *.
      assert (H3 : Z.abs (Q - ideal (s b) (t c)) <= spread (s b) (t c) + ex b c + ey b c) by lia.
      assert (H4 : Z.abs (d * (Q - ideal (s b) (t c))) <= Z.abs d * (spread (s b) (t c) + ex b c + ey b c))
        by (rewrite Z.abs_mul; apply Z.mul_le_mono_nonneg_l; lia).
      lia. }
    eapply Z.le_trans; [|apply sum2_le; intros; apply Step; assumption].
    rewrite sum2_minus, sum2_plus.
    rewrite (sum2_bijection p q s _ t _
      (fun b c => ideal b c * change w b c - spread b c * Z.abs (change w b c)) Bl Br).
    fold (least w).
    pose proof (norm_bound w ex s t _ _ Bl Br) as N1. pose proof (norm_bound w ey s t _ _ Bl Br) as N2.
    change (norm ex) with (left_error l x) in N1. change (norm ey) with (right_error r y) in N2. lia.
  Qed.
End Transport.
